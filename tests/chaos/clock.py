"""A clock behind a whole process that a test can move, as an administrator or NTP would.

The process reads the wall clock plus the seconds in a file. The monotonic clock is left alone,
as it is when a machine's time is set.
"""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

SECONDS = struct.Struct("d")
REAL = time_machine.escape_hatch


class MovedClock:
    """The test's end: `.env` goes to the processes that shall live by it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.env = {"CHAOS_CLOCK": str(path)}
        self.offset = timedelta(0)
        self.move(timedelta(0))

    def move(self, by: timedelta) -> None:
        """Set it forward, or back, for all processes at once."""
        self.offset += by
        with self._path.open("r+b" if self._path.exists() else "wb") as file:
            file.write(SECONDS.pack(self.offset.total_seconds()))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


def follow(path: Path) -> None:
    """Live by the clock in `path` from now on, in this process."""
    with path.open("rb") as file:
        moved = mmap.mmap(file.fileno(), SECONDS.size, access=mmap.ACCESS_READ)

    def time_ns() -> int:
        (seconds,) = SECONDS.unpack(moved[:])
        return REAL.time.time_ns() + int(seconds * 1e9)

    traveller = time_machine.travel(0.0).start()
    traveller.time_ns = time_ns  # type: ignore[method-assign]
