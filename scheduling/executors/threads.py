"""Runs in threads of this process: light tasks, thousands of them a minute."""

from __future__ import annotations

import logging
from queue import SimpleQueue
from threading import Thread
from typing import Any

from django.db import connections

from scheduling.engine.connections import tidy_connections
from scheduling.engine.execution import execute
from scheduling.executors.base import Execution, Executor

logger = logging.getLogger(__name__)


class ThreadExecutor(Executor):
    """A thread cannot be killed: one that ignores its stop is given up, and replaced."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._queue: SimpleQueue[Execution | None] = SimpleQueue()
        self._threads = 0

    def close(self) -> None:
        for _ in range(self._threads):
            self._queue.put(None)

    def _begin(self, execution: Execution) -> None:
        if self._threads < min(self.size, len(self._executions)):
            self._add_thread()
        self._queue.put(execution)

    def _interrupt(self, execution: Execution) -> None:
        """Do nothing more: the stop signal is all that a thread can be sent."""

    def _give_up(self, execution: Execution) -> None:
        run = execution.run
        logger.error(
            "[%s] The thread of run %d ignores its stop and is given up; a new one takes its place",
            run.job_key,
            run.id,
            extra={"job_id": run.job_key, "run_id": run.id},
        )
        execution.handle = "given up"
        self._add_thread(replaces=True)
        super()._give_up(execution)

    def _add_thread(self, *, replaces: bool = False) -> None:
        if not replaces:
            self._threads += 1
        Thread(target=self._work, name=f"run-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        while (execution := self._queue.get()) is not None:
            outcome = execute(
                execution.run,
                sink=self._sink,
                stop=execution.stop,
                log_cap=self._options.log_lines,
            )
            tidy_connections()
            self._end(execution, outcome)
            if execution.handle == "given up":
                break  # another thread has taken this one's place
        connections.close_all()
