"""How fast a big piece of work may go, so that those beside it are not held up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SMALLEST, LARGEST = 50, 1000  # rows in a step
GOAL = 0.03  # s that a step should take
SHORTEST_REST, LONGEST_REST = 0.01, 1.0  # s


class Pace:
    """Steps of some 30 ms, each followed by a rest that is at least as long.

    SQLite has one writer at a time: a scheduler that waits for it finds it free as often as not.

    .size  how many rows the next step may take; it follows what the last steps took
    """

    def __init__(
        self,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        self.size = SMALLEST
        self.should_stop = should_stop
        self._clock = clock
        self._rest = rest

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do one step inside; rest afterwards."""
        began = self._clock()
        yield
        took = self._clock() - began
        self._adapt(took)
        self._rest(min(max(took, SHORTEST_REST), LONGEST_REST))

    def _adapt(self, took: float) -> None:
        if took < GOAL / 2:
            self.size = min(self.size * 2, LARGEST)
        elif took > GOAL:
            self.size = max(self.size // 2, SMALLEST)
