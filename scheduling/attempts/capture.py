"""Log lines that any logger writes while a task runs belong to the task's run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from scheduling.attempts.text import storable

CAP_NOTE = "The log is full: %d lines are kept of a run. Further lines are only on the console."


class LineSink(Protocol):
    def log(self, run_id: int, line: Line) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    level: str
    logger: str
    message: str


@dataclass(slots=True)
class _Capture:
    run_id: int
    job_key: str
    sink: LineSink
    room: int  # lines that may still be kept
    cap: int


_current: ContextVar[_Capture | None] = ContextVar("daybook_capture", default=None)


@contextmanager
def capture_logs(run_id: int, job_key: str, sink: LineSink, cap: int) -> Iterator[None]:
    """Send what is logged inside to `sink`, at most `cap` lines and a note that says so."""
    token = _current.set(_Capture(run_id, job_key, sink, cap, cap))
    try:
        yield
    finally:
        _current.reset(token)


class RunLogHandler(logging.Handler):
    """Installed once on the root logger; does nothing outside of a run."""

    def emit(self, record: logging.LogRecord) -> None:
        capture = _current.get()
        if capture is None or capture.room < 0:
            return
        capture.room -= 1
        try:
            message = self.format(record) if capture.room >= 0 else CAP_NOTE % capture.cap
        except (TypeError, ValueError):  # arguments that do not fit their message
            self.handleError(record)
            return
        at = datetime.fromtimestamp(record.created, UTC)
        line = Line(at, record.levelname[:10], storable(record.name)[:200], storable(message))
        capture.sink.log(capture.run_id, line)


def _named_record(factory: Callable[..., logging.LogRecord], *args: Any, **kwargs: Any) -> Any:
    record = factory(*args, **kwargs)
    if capture := _current.get():
        record.job_id, record.run_id = capture.job_key, capture.run_id
    return record


def install_capture() -> None:
    """Make the root logger hand the lines of runs to their runs; harmless when called twice.

    Each record made during a run names it, for the JSON lines on the console.
    """
    root = logging.getLogger()
    if not any(isinstance(handler, RunLogHandler) for handler in root.handlers):
        logging.setLogRecordFactory(partial(_named_record, logging.getLogRecordFactory()))
        handler = RunLogHandler(logging.INFO)
        handler.setFormatter(logging.Formatter("%(message)s"))
        root.addHandler(handler)
