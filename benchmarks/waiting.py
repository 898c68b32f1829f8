"""Waiting for what a measured process does, seen from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.marks import VARIABLE, read_marks

PATIENCE = 300.0  # s
HURRY = "BENCHMARK_HURRY"  # set: watch for a moment only, to see whether it works at all
MOMENT = 2.0  # s


def in_hurry() -> bool:
    return bool(os.environ.get(HURRY))


def while_of(seconds: float) -> float:
    """Return how long to watch something, or to let it settle."""
    return min(seconds, MOMENT) if in_hurry() else seconds


def wait_until(is_true: Callable[[], object], every: float = 0.02) -> None:
    """Return when it is true; raise TimeoutError if it does not become so."""
    deadline = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The measured process did not do its work within {PATIENCE:.0f} s.")
        time.sleep(every)


def marks() -> list[float]:
    """Return when each task of this measurement began."""
    return read_marks(Path(os.environ[VARIABLE]))


def seconds_of_cpu(process: object) -> float:
    """Return what a psutil process has used of the processors."""
    times = process.cpu_times()  # type: ignore[attr-defined]
    return float(times.user + times.system)
