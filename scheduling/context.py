"""What a running task is given, and what it may give back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, Protocol

PLAIN_TEXT = "text/plain; charset=utf-8"
ANY_BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """The run as its task may see it."""

    id: int
    job_key: str
    task: str
    origin: str
    attempt: int  # 1 for the first try
    scheduled_at: datetime  # the instant the run stands for, aware UTC
    owner_id: int | None
    requested_by_id: int | None


_CURRENT: ContextVar[tuple[RunInfo, ExitStack] | None] = ContextVar("daybook_run", default=None)


def current_run() -> RunInfo | None:
    """Return the run that this code is part of, also in threads that have a copy of its context."""
    current = _CURRENT.get()
    return current[0] if current else None


def at_end_of_run(callback: Callable[[], object]) -> bool:
    """Let `callback` be called when the current run's task has ended, however it did.

    Return False if there is no run. What it raises counts as raised by the task.
    """
    current = _CURRENT.get()
    if current:
        current[1].callback(callback)
    return current is not None


@contextmanager
def running(run: RunInfo) -> Iterator[None]:
    """Make `run` the current one inside."""
    with ExitStack() as callbacks:
        token = _CURRENT.set((run, callbacks))
        try:
            yield
        finally:
            _CURRENT.reset(token)


@dataclass(frozen=True, slots=True)
class Degraded:
    """Return this from a task that finished although some of its items failed.

    result  what the task would have returned otherwise; JSON values
    reason  one sentence for people: "3 of 500 symbols failed"
    failed  the items that failed, as JSON values
    retry   parameters with which a run tries only these again; None: there are no such
    """

    result: Any
    reason: str
    failed: Sequence[Any] = field(default_factory=list)
    retry: Mapping[str, Any] | None = None


class Recording(Protocol):
    """Where a run's progress and artifacts go."""

    def progress(self, run_id: int, progress: dict[str, Any]) -> None: ...

    def artifact(self, run_id: int, name: str, content: bytes, content_type: str) -> None: ...


class RunContext:
    """The run, seen from inside its task."""

    def __init__(
        self, *, run: RunInfo, log: logging.Logger, recording: Recording, stop: Event
    ) -> None:
        self.run = run
        self.log = log
        self._recording = recording
        self._stop = stop

    @property
    def scheduled_at(self) -> datetime:
        """The instant to compute for: the fire time, not the time the run started."""
        return self.run.scheduled_at

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Show how far the run is; `total` None means that the end is not known."""
        self._recording.progress(self.run.id, {"done": done, "total": total, "message": message})

    def artifact(self, name: str, content: str | bytes, content_type: str | None = None) -> None:
        """Keep a file with the run; the same name again replaces it.

        content_type  plain text of a str, and of bytes what nobody knows, unless it is said
        """
        if isinstance(content, str):
            data, usual = content.encode(), PLAIN_TEXT
        else:
            data, usual = content, ANY_BYTES
        self._recording.artifact(self.run.id, name, data, content_type or usual)

    def should_stop(self) -> bool:
        """Tell whether the run was cancelled or is out of time; then return soon."""
        return self._stop.is_set()
