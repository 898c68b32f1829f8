"""Runs in threads of this process: light tasks, thousands of them a minute."""

from __future__ import annotations

import logging
from queue import SimpleQueue
from threading import Thread
from typing import Any

from django.db import connections

from scheduling.attempts.calling import execute
from scheduling.attempts.capture import capture_logs
from scheduling.attempts.connections import tidy_connections
from scheduling.executors.base import Attempt, Executor

logger = logging.getLogger(__name__)


class ThreadExecutor(Executor):
    """A thread cannot be killed: one that ignores its stop is given up, and replaced."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self._threads = 0

    def close(self) -> None:
        for _ in range(self._threads):
            self._queue.put(None)

    def _begin(self, attempt: Attempt) -> None:
        if self._threads < min(self.size, len(self._attempts)):
            self._add_thread()
        self._queue.put(attempt)

    def _interrupt(self, attempt: Attempt) -> None:
        """Do nothing more: the stop signal is all that a thread can be sent."""

    def _give_up(self, attempt: Attempt) -> None:
        run = attempt.run
        with capture_logs(run.id, run.job_key, self._sink, 1):
            logger.error(
                "[%s] The thread of run %d ignores its stop and is given up; a new one takes its "
                "place",
                run.job_key,
                run.id,
            )
        super()._give_up(attempt)
        self._add_thread(replaces=True)

    def _add_thread(self, *, replaces: bool = False) -> None:
        if not replaces:
            self._threads += 1
        Thread(target=self._work, name=f"run-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        while (attempt := self._queue.get()) is not None:
            outcome = execute(
                attempt.run,
                sink=self._sink,
                stop=attempt.stop,
                log_cap=self._options.log_lines,
            )
            tidy_connections()
            self._end(attempt, outcome)
            if attempt.is_given_up:
                break  # another thread has taken this one's place
        connections.close_all()
