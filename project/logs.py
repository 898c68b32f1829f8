"""Log lines for people, or as JSON for machines."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import deque
from contextlib import nullcontext
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

TOGETHER = 0.01  # s in which lines are written together
EXTRAS = ("job_id", "run_id", "execution_time_ms")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Console(logging.Handler):
    """Writes lines to standard error, those of a moment together.

    A write for each line would cost more than a short run takes. Warnings and errors, and all
    before them, are written at once.
    """

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)  # the parent writes its own lines

    def _begin(self) -> None:
        self._lines: deque[str] = deque()
        self._arrived = Event()
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.append(f"{self.format(record)}\n")
        except (TypeError, ValueError):  # arguments that do not fit their message
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING:
            self.flush()
        elif not self._arrived.is_set():
            self._wake()

    def flush(self) -> None:
        with self.lock or nullcontext():
            lines = "".join(self._lines.popleft() for _ in range(len(self._lines)))
            try:
                sys.stderr.write(lines)
                sys.stderr.flush()
            except BrokenPipeError:  # nobody reads any more; at the end Python would try again
                sys.stderr = open(os.devnull, "w")  # noqa: SIM115
            except (OSError, ValueError):
                pass

    def close(self) -> None:
        self.flush()
        super().close()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._loop, name="console", daemon=True)
            self._thread.start()
        self._arrived.set()

    def _loop(self) -> None:
        while self._arrived.wait():
            time.sleep(TOGETHER)
            self._arrived.clear()
            self.flush()


def logging_config(form: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error, as `text` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
            "json": {"()": "project.logs.JsonFormatter"},
        },
        "handlers": {"console": {"class": "project.logs.Console", "formatter": form}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "apscheduler": {"level": "WARNING"},
            "django.server": {"level": "INFO"},
            "httpx": {"level": "WARNING"},  # it names each request, with what stands in its URL
        },
    }
