"""What a scheduler of jobs is asked here, however it does it."""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client

from tests.chaos.counting import Line, lines_of
from tests.factories import make_user
from tests.installation import Installation, Program

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PATIENCE = {"CHAOS_SQLITE_TIMEOUT": "0.3"}  # s that a process waits for SQLite's lock
STARTED = "started"  # in a history: nobody has said how it ended


@dataclass(frozen=True)
class Spec:
    """A job, in words that both systems have.

    every, at  one of them: an interval, or the only fire time
    since      since when it has been there; None = now
    catch_up   run each missed fire time, however late; else what the system does by itself
    timeout    s
    """

    key: str
    task: str = "order"
    every: timedelta | None = None
    at: datetime | None = None
    since: datetime | None = None
    catch_up: bool = False
    timeout: int | None = None
    isolated: bool = False
    seconds: float | None = None  # that the task takes


class System(ABC):
    name: ClassVar[str]
    up: ClassVar[str]  # what a scheduler says after its first look

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.out = installation.data_dir / "out.txt"

    @abstractmethod
    def add_job(self, spec: Spec) -> None:
        """Add it while schedulers may run, as a web process does."""

    @abstractmethod
    def launch(self, *, code: str = "new", declared: Spec | None = None) -> Program:
        """Start a scheduler.

        code      "new", or "old", which lacks the task `new_feature`
        declared  a job that the code names as well, in the way of the house
        """

    @abstractmethod
    def change(self, key: str, every: timedelta) -> None: ...

    @abstractmethod
    def pause(self, key: str) -> None: ...

    @abstractmethod
    def run_now(self, client: Client, key: str) -> None:
        """Press the admin's button."""

    @abstractmethod
    def next_run_at(self, key: str) -> datetime | None: ...

    @abstractmethod
    def history(self, key: str) -> list[str]:
        """Return how its runs ended, oldest first: "succeeded", "failed", "started", …"""

    def end(self) -> None:
        """Kill all schedulers: none is left when a test ends, nor between two deployments."""
        self.installation.kill_all()

    def start(self, **kwargs: Any) -> Program:
        program = self.launch(**kwargs)
        program.wait_for(self.up, seconds=30)
        return program

    def lines(self, key: str) -> list[Line]:
        """Return what was executed, counted from outside."""
        return [line for line in lines_of(self.out) if line.job_key == key]

    def ran(self, key: str, times: int = 1) -> Callable[[], bool]:
        return lambda: len(self.lines(key)) >= times


def patience() -> dict[str, str]:
    return PATIENCE if connection.vendor == "sqlite" else {}


def just_now() -> datetime:
    """Return since when a job that fires each second has been there to be due now."""
    return datetime.now(UTC) - SECOND


def happens(condition: Callable[[], object], *, seconds: float = 10) -> bool:
    """Wait until it does, and tell whether it did."""
    deadline = time.monotonic() + seconds
    while not (happened := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(happened)


def seconds_of_request(system: System, key: str) -> float:
    """Press the admin's button as a superuser, and return how long the answer took."""
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    start = time.monotonic()
    system.run_now(client, key)
    return time.monotonic() - start


def django_apscheduler_fails(how: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Expect the test to hold on Daybook, and to fail on django-apscheduler with these words.

    how  a regular expression; what the research says, as the failed assertion puts it
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def held_to(system: Any, **fixtures: Any) -> None:
            if system.name == "Daybook":
                test(system, **fixtures)
            else:
                with pytest.raises(AssertionError, match=how):
                    test(system, **fixtures)

        return held_to

    return decorate
