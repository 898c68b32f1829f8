"""What django-apscheduler runs here: the tasks of tests/chaos, as its README writes tasks."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


def order(key: str, path: str, seconds: float = 0.0) -> None:
    """Leave a line as tests.chaos.tasks does, then take a while.

    Nothing tells a function of APScheduler for which instant it runs, so it takes what it has.
    """
    words = (key, datetime.now(UTC).isoformat(), 1, os.getpid(), f"{time.time():.3f}")
    with open(path, "a") as file:
        file.write(f"{' '.join(map(str, words))}\n")
    time.sleep(seconds)


def fail(key: str, path: str) -> None:
    raise ConnectionError("no such host")


if os.environ.get("CHAOS_CODE") != "old":

    def new_feature(key: str, path: str) -> None:
        """Be missing in other code, as after a function was renamed."""
        order(key, path)
