"""Threads that take one attempt after the other: what executors share."""

from __future__ import annotations

import logging
from abc import abstractmethod
from queue import SimpleQueue
from threading import Thread, local
from typing import Any

from scheduling.attempts.capture import capture_logs
from scheduling.attempts.claimed import Outcome
from scheduling.executors.base import Attempt, Executor

logger = logging.getLogger(__name__)


class _Own(local):
    """What each thread has for itself."""

    is_between = False  # it has ended a run and not taken the next one
    attempt: Attempt | None = None  # the next one, if it knows


class SlotExecutor(Executor):
    """As many threads as it has slots, each started when it is first needed."""

    given_up = "The thread of run %d ignores its stop and is given up; a new one takes its place"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self._threads = 0
        self._own = _Own()

    def close(self) -> None:
        for _ in range(self._threads):
            self._queue.put(None)

    @abstractmethod
    def _carry_out(self, attempt: Attempt) -> Outcome:
        """Execute the run to its end, in a slot's thread."""

    @abstractmethod
    def _leave(self) -> None:
        """Free what the slot's thread holds, at its end."""

    def _begin(self, attempt: Attempt) -> None:
        if self._own.is_between and self._own.attempt is None:
            self._own.attempt = attempt  # this thread goes on: waking another takes longer
            return
        if self._threads < min(self.size, len(self._attempts)):
            self._add_thread()
        self._queue.put(attempt)

    def _give_up(self, attempt: Attempt) -> None:
        run = attempt.run
        with capture_logs(run.id, run.job_key, self._sink, 1):
            logger.error(f"[%s] {self.given_up}", run.job_key, run.id)
        super()._give_up(attempt)
        self._add_thread(replaces=True)

    def _add_thread(self, *, replaces: bool = False) -> None:
        if not replaces:
            self._threads += 1
        Thread(target=self._work, name=f"run-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        while (attempt := self._own.attempt or self._queue.get()) is not None:
            self._own.attempt = None
            outcome = self._carry_out(attempt)
            self._own.is_between = True
            self._end(attempt, outcome)
            self._own.is_between = False
            if attempt.is_given_up:  # another thread has taken this one's place
                if self._own.attempt is not None:
                    self._queue.put(self._own.attempt)
                break
        self._leave()
