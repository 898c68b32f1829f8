"""django-apscheduler as it ships, on the tables that the tests' database has anyway."""

from __future__ import annotations

import gc
import json
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from django.test import Client, override_settings
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.installation import Installation, Program
from tests.peers.system import STARTED, Spec, System, patience

PROGRAM = (sys.executable, "-m", "tests.peers.apscheduler_program")
RUN_NOW_TIMEOUT = 1.5  # s; its README has 25
WORDS = {
    DjangoJobExecution.SENT: STARTED,
    DjangoJobExecution.SUCCESS: "succeeded",
    DjangoJobExecution.ERROR: "failed",
    DjangoJobExecution.MISSED: "missed",
}


class DjangoApscheduler(System):
    name = "django-apscheduler"
    up = "Next wakeup is due at"

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation)
        self._launched: list[Program] = []

    def add_job(self, spec: Spec) -> None:
        values: dict[str, Any] = {"trigger": DateTrigger(spec.at)}
        if spec.every is not None:
            since = spec.since or datetime.now(UTC)
            values = {"trigger": interval(spec.every, since), "next_run_time": since + spec.every}
        if spec.catch_up:
            values |= {"coalesce": False, "misfire_grace_time": None}
        # It has no timeout that spec.timeout could be.
        with web_process() as scheduler:
            scheduler.add_job(**self._named(spec), **values)

    def launch(self, *, code: str = "new", declared: Spec | None = None) -> Program:
        jobs: list[dict[str, Any]] = []
        if declared is not None and declared.every is not None:
            seconds = declared.every.total_seconds()
            jobs = [self._named(declared) | {"trigger": "interval", "seconds": seconds}]
        env = patience() | {
            "CHAOS_CODE": code,
            "DECLARED_JOBS": json.dumps(jobs),
            "DJANGO_SETTINGS_MODULE": "benchmarks.apscheduler_settings",
        }
        program = self.installation.launch(PROGRAM, **env)
        self._launched.append(program)
        return program

    def end(self) -> None:
        # Kill its pool first: children of a killed parent wait for work for ever.
        for program in self._launched:
            if program.poll() is None:
                for child in psutil.Process(program.pid).children(recursive=True):
                    child.kill()
        super().end()

    def change(self, key: str, every: timedelta) -> None:
        with web_process() as scheduler:
            scheduler.reschedule_job(key, trigger=interval(every, datetime.now(UTC)))

    def pause(self, key: str) -> None:
        with web_process() as scheduler:
            scheduler.pause_job(key)

    def run_now(self, client: Client, key: str) -> None:
        form = {"action": "run_selected_jobs", "_selected_action": [key]}
        with override_settings(
            ROOT_URLCONF="tests.peers.apscheduler_urls",
            APSCHEDULER_RUN_NOW_TIMEOUT=RUN_NOW_TIMEOUT,
        ):
            leaving_no_threads(lambda: client.post("/admin/django_apscheduler/djangojob/", form))

    def next_run_at(self, key: str) -> datetime | None:
        times = DjangoJob.objects.values_list("next_run_time", flat=True)
        at: datetime | None = times.get(id=key)
        return at

    def history(self, key: str) -> list[str]:
        rows = DjangoJobExecution.objects.filter(job_id=key).order_by("id")
        return [WORDS.get(status, status) for status in rows.values_list("status", flat=True)]

    def _named(self, spec: Spec) -> dict[str, Any]:
        kwargs: dict[str, Any] = {"key": spec.key, "path": str(self.out)}
        if spec.seconds is not None:
            kwargs["seconds"] = spec.seconds
        return {
            "func": f"tests.peers.apscheduler_tasks:{spec.task}",
            "id": spec.key,
            "kwargs": kwargs,
            "executor": "processpool" if spec.isolated else "default",
        }


def interval(every: timedelta, start: datetime) -> IntervalTrigger:
    return IntervalTrigger(seconds=every.total_seconds(), start_date=start, timezone=UTC)


def leaving_no_threads(request: Callable[[], object]) -> None:
    """Drop the connections of the threads that its admin starts: nobody else closes them."""
    before = set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        request()
        for thread in set(threading.enumerate()) - before:
            thread.join()
        gc.collect()


class StoreOnly(BaseScheduler):
    """Opens the job store as a web process does that must not run jobs."""

    def wakeup(self) -> None:
        """Tell nobody: the scheduler is another process."""

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)


@contextmanager
def web_process() -> Iterator[StoreOnly]:
    scheduler = StoreOnly(timezone=UTC)
    scheduler.add_jobstore(DjangoJobStore(), "default")
    scheduler.start(paused=True)
    yield scheduler
    scheduler.shutdown()
