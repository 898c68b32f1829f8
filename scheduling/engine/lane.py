"""The way of claimed runs into an executor: more are claimed than it has slots for.

Runs of a few milliseconds would wait for the next claim otherwise.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import RLock

from scheduling.attempts.claimed import ClaimedRun
from scheduling.executors.base import Executor

PACE_OVER = 0.2  # s; four times as many as ended in it are claimed ahead
MOST_AHEAD = 500
STALLED = 0.3  # s without a free slot, until what waits is given back


class Lane:
    """Runs of one isolation: those that wait here are claimed, and nothing of them has begun.

    has_more  whether the last claim left runs behind; set by the worker
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        self.tasks = tasks
        self.has_more = False
        self._on_low: Callable[[], None] = lambda: None
        self._waiting: deque[ClaimedRun] = deque()
        self._ends: deque[float] = deque(maxlen=MOST_AHEAD)  # monotonic
        self._fed_at = time.monotonic()
        self._lock = RLock()  # a run that cannot be started ends while it is fed

    def lead_to(self, executor: Executor, on_low: Callable[[], None]) -> None:
        """Feed `executor`; call `on_low`, from any thread, when a claim is worthwhile."""
        self.executor = executor
        self._on_low = on_low

    def room(self) -> int:
        """Return how many runs to claim now: many at once, or none."""
        limit, waiting = self._limit(), len(self._waiting)
        return max(self.executor.free(), 0) + limit - waiting if waiting <= limit // 2 else 0

    def add(self, runs: Sequence[ClaimedRun]) -> None:
        """Take claimed runs; they start in this order."""
        with self._lock:  # what is withdrawn meanwhile must not take these along
            self._waiting.extend(runs)
        self._feed()

    def on_end(self) -> None:
        """Start the next one in the place of a run that has ended."""
        self._ends.append(time.monotonic())
        self._feed()
        if self.has_more and len(self._waiting) <= self._limit() // 2:
            self._on_low()

    def holds(self) -> set[int]:
        """Return the ids of the runs that wait here or have not ended."""
        with self._lock:
            return {run.id for run in self._waiting} | set(self.executor.running())

    def withdraw_stalled(self) -> list[ClaimedRun]:
        """Return what waits, and forget it, if long runs hold all slots."""
        is_stalled = self.executor.free() <= 0 and time.monotonic() - self._fed_at > STALLED
        return self.withdraw() if is_stalled and self._waiting else []

    def withdraw(self, run_ids: set[int] | None = None) -> list[ClaimedRun]:
        """Return what waits, or only these of it, and forget it."""
        with self._lock:
            taken = [run for run in self._waiting if run_ids is None or run.id in run_ids]
            ids = {run.id for run in taken}
            self._waiting = deque(run for run in self._waiting if run.id not in ids)
        return taken

    def _feed(self) -> None:
        with self._lock:
            while self._waiting and self.executor.free() > 0:
                self._fed_at = time.monotonic()
                self.executor.submit(self._waiting.popleft())

    def _limit(self) -> int:
        """Return how many may wait: as many as end in a moment, none behind long runs."""
        while self._ends and self._ends[0] < time.monotonic() - PACE_OVER:
            try:
                self._ends.popleft()
            except IndexError:  # another thread was quicker
                break
        return min(MOST_AHEAD, 4 * len(self._ends))
