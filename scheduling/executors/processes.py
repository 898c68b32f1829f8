"""Runs in child processes: tasks that may hang, crash or eat memory, and can be killed."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pebble import ProcessFuture, ProcessPool

import scheduling.executors.child as child
from scheduling.executors.base import Attempt, Executor
from scheduling.models import Run

SLOW_START = 60.0  # s that a child may take to load the code before its run's time counts


class ProcessExecutor(Executor):
    """A pool of warm child processes; a timeout or a cancel kills the child and only it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pool: ProcessPool | None = None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

    def _begin(self, attempt: Attempt) -> None:
        future = self._live_pool().schedule(child.run_in_child, args=[attempt.run])
        attempt.handle = future
        future.add_done_callback(partial(self._on_done, attempt))

    def _interrupt(self, attempt: Attempt) -> None:
        attempt.handle.cancel()

    def _has_begun(self, attempt: Attempt) -> bool:
        """A child that never comes up uses up its run's time too."""
        waited = (datetime.now(UTC) - attempt.started_at).total_seconds()
        return waited > SLOW_START or bool(attempt.handle.running())

    def _on_done(self, attempt: Attempt, future: ProcessFuture[Any]) -> None:
        if future.cancelled():
            status, reason = attempt.verdict or (Run.Status.LOST, "Its process was killed.")
            self._ended_without_outcome(attempt, status, reason)
        elif (error := future.exception()) is not None:
            code = getattr(error, "exitcode", None)
            reason = f"Its process died (exit code {code})." if code is not None else str(error)
            self._ended_without_outcome(attempt, Run.Status.LOST, reason)
        else:
            self._end(attempt, future.result())

    def _live_pool(self) -> ProcessPool:
        """Return the pool, started on first use: many installations never isolate a task."""
        if self._pool is not None and not self._pool.active:
            self.close()  # its idle children would live on
            self._pool = None
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self.size,
                initializer=child.prepare,
                context=multiprocessing.get_context("spawn"),
            )
        return self._pool
