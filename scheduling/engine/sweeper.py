"""The sweeper's loop: now and then, put right what nobody else does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from django.db import close_old_connections, connection

from scheduling.attempts.claimed import Outcome
from scheduling.attempts.settling import wants_retry
from scheduling.database_errors import database_errors
from scheduling.engine import recalling, sweeping
from scheduling.engine.worker import WorkerLoop
from scheduling.models import Run
from scheduling.options import Options
from scheduling.tallies import move_mark

logger = logging.getLogger(__name__)

INSPECT_EVERY = 10.0  # s between looks for broken and healed jobs
CLAIM_IN_TRANSIT = timedelta(seconds=10)  # from the claim's time to the executor


class Sweeper:
    """Sweeps every few seconds, in a thread of its own, so that no claim waits for it.

    may_bury  tells whether silent workers may be taken for dead now
    records   tells the runs whose outcomes are on their way to the database
    """

    def __init__(
        self,
        worker: WorkerLoop,
        *,
        worker_id: int,
        may_bury: Callable[[], bool],
        records: Callable[[], set[int]],
        options: Options | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.trouble = ""
        self._worker = worker
        self._worker_id = worker_id
        self._may_bury = may_bury
        self._records = records
        self._options = options or Options()
        self._lease = timedelta(seconds=self._options.lease)
        self._clock = clock
        self._check_after: int | None = 0  # key of a job: those up to it fit this code
        self._inspect_at = 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._loop, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def notice_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Let the next ones of a queue start, and know when a retry is due."""
        job_ids = {outcome.run.job_id for outcome in outcomes if outcome.run.job_id is not None}
        released = sweeping.release_held_runs(self._clock(), job_ids) if job_ids else 0
        if released or any(wants_retry(outcome) for outcome in outcomes):
            self._worker.notice_change()

    def _loop(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._options.sweep
            try:
                close_old_connections()
                self._sweep()
                self.trouble = ""
            except Exception as exc:  # a loop that must survive: the database may be away
                database_errors.note(exc)
                if not self.trouble:
                    logger.exception("The sweeper stumbled; it goes on")
                self.trouble = f"{type(exc).__name__}: {exc}"
                connection.close()
        connection.close()

    def _sweep(self) -> None:
        now = self._clock()
        self._worker.stop_what_is_cancelled()
        swept = sweeping.miss_expired_runs(now)
        if self._may_bury():
            swept += sweeping.lose_runs_of_dead_workers(now, self._lease, own_id=self._worker_id)
        swept += self._lose_what_nobody_holds(now)
        swept += sweeping.release_held_runs(now)
        if swept:
            self._worker.notice_change()
        if self._check_after is not None:
            self._check_after = sweeping.park_jobs_with_faults(now, after=self._check_after)
        self._inspect_if_due(now)

    def _lose_what_nobody_holds(self, now: datetime) -> int:
        """End runs that this worker has claimed and does not have: their claim got lost."""
        mine = Run.objects.filter(
            worker_id=self._worker_id,
            status=Run.Status.RUNNING,
            started_at__lt=now - CLAIM_IN_TRANSIT,
        )
        claimed = set(mine.values_list("id", flat=True))
        nobodys = claimed - self._worker.holds() - self._records()
        if not nobodys:
            return 0
        return sweeping.lose_runs_that_nobody_holds(nobodys, worker_id=self._worker_id, now=now)

    def _inspect_if_due(self, now: datetime) -> None:
        if time.monotonic() < self._inspect_at:
            return
        self._inspect_at = time.monotonic() + INSPECT_EVERY
        sweeping.park_jobs_of_unknown_tasks(now, self._lease)
        sweeping.skip_runs_of_unknown_tasks(now, self._lease)
        sweeping.heal_jobs(now)
        move_mark(now)
        if self._may_bury():
            recalling.recall_clocks(now)
