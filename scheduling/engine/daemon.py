"""A whole engine in one process: scheduler, worker, listener and heartbeat."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Thread

from django.db import DatabaseError, InterfaceError

from scheduling.attempts.capture import install_capture
from scheduling.attempts.claimed import Outcome
from scheduling.attempts.recorder import Recorder
from scheduling.database_errors import database_errors
from scheduling.engine.lane import Lane
from scheduling.engine.listening import listener
from scheduling.engine.membership import Membership, Vitals
from scheduling.engine.scheduler import Scheduler
from scheduling.engine.sweeper import Sweeper
from scheduling.engine.sweeping import lose_all_runs
from scheduling.engine.worker import WorkerLoop, lane_of
from scheduling.executors.base import Executor
from scheduling.executors.processes import ProcessExecutor
from scheduling.executors.threads import ThreadExecutor
from scheduling.options import Options

logger = logging.getLogger(__name__)

LAST_WRITES = 10.0  # s for outcomes to be written at the end
FAREWELL = 0.5  # s for the last words of a process that ends at once


class Daemon:
    """Fires jobs and runs their runs from `start` to `stop`. Any number may share a database."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.scheduler = Scheduler(on_fired=self._on_change, options=self.options)
        self._recorder = Recorder(flush_every=self.options.flush, on_written=self._on_written)
        self._lanes = {
            "thread": self._lane("thread", ThreadExecutor, self.options.threads),
            "process": self._lane("process", ProcessExecutor, self.options.processes),
        }
        self._membership = Membership(
            is_scheduler=True,
            capacity=self.options.threads + self.options.processes,
            every=self.options.heartbeat,
            vitals=self._vitals,
        )
        self._listener = listener(self._on_remote_change, self.options)
        self._worker: WorkerLoop | None = None
        self._sweeper: Sweeper | None = None

    def start(self) -> None:
        """Begin to fire and to run; raise DatabaseError if the database is not there."""
        install_capture()
        worker_id = self._membership.join()
        self._worker = WorkerLoop(
            worker_id=worker_id,
            lanes=self._lanes,
            on_outcome=self._recorder.outcome,
            options=self.options,
        )
        self._sweeper = Sweeper(
            self._worker,
            worker_id=worker_id,
            is_steady=self._membership.is_steady,
            records=self._recorder.holds,
            options=self.options,
        )
        self._recorder.start()
        self._worker.start()
        self._sweeper.start()
        self.scheduler.start()
        self._listener.start()

    def running(self) -> int:
        """Return how many runs have not ended."""
        return sum(len(lane.executor.running()) for lane in self._lanes.values())

    def stop(self, grace: float | None = None) -> None:
        """Fire no more, let runs finish for `grace` seconds, and write down how they ended."""
        if self._worker is None or self._sweeper is None:
            return  # it never started
        grace = self.options.shutdown_grace if grace is None else grace
        self._listener.stop()
        self.scheduler.shutdown(wait=False)
        self._worker.stop()
        self._sweeper.stop()
        end = time.monotonic() + grace
        for lane in self._lanes.values():
            lane.executor.drain(max(0.0, end - time.monotonic()))
            lane.executor.close()
        if not self._recorder.close(LAST_WRITES):
            logger.error("Some outcomes could not be written; their runs will be lost")
        self._membership.leave()

    def abandon(self) -> None:
        """Give up what runs and say good-bye, for a process that ends at once.

        So nobody waits for the lease. Without a database in time the lease decides after all.
        """
        if self._worker is None:
            return  # it never started
        farewell = Thread(target=self._say_farewell, name="farewell", daemon=True)
        farewell.start()
        farewell.join(FAREWELL)

    def _say_farewell(self) -> None:
        try:
            reason = "Its worker was told to end at once."
            lose_all_runs(self._membership.worker_id, datetime.now(UTC), reason)
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("Its runs could not be given up; the lease will end them: %s", exc)
        self._membership.leave()

    def _lane(self, isolation: str, kind: type[Executor], size: int) -> Lane:
        lane = lane_of(isolation)
        executor = kind(
            size=size,
            sink=self._recorder,
            on_outcome=self._recorder.outcome,
            on_free=lane.on_end,
            options=self.options,
        )
        lane.lead_to(executor, self._on_room)
        return lane

    def _vitals(self) -> Vitals:
        parts = (self.scheduler, self._worker, self._sweeper, self._recorder)
        troubles = (part.trouble for part in parts if part is not None and part.trouble)
        return Vitals(
            last_tick_at=self.scheduler.last_tick_at,
            trouble=next(troubles, ""),
            database_errors=database_errors.count,
        )

    def _on_remote_change(self, of_clocks: bool) -> None:
        if of_clocks:
            self.scheduler.wakeup()
        self._on_change()

    def _on_change(self) -> None:
        if self._worker is not None:
            self._worker.notice_change()

    def _on_room(self) -> None:
        if self._worker is not None:
            self._worker.notice_room()

    def _on_written(self, outcomes: Sequence[Outcome]) -> None:
        if self._sweeper is not None:
            self._sweeper.notice_outcomes(outcomes)
