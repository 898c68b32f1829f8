"""The sweeper's loop: now and then, put right what nobody else does."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from django.db import close_old_connections, connection

from scheduling.attempts.claimed import Outcome
from scheduling.attempts.settling import wants_retry
from scheduling.database_errors import database_errors
from scheduling.engine import recalling, sweeping
from scheduling.engine.silence import Silence
from scheduling.engine.worker import WorkerLoop
from scheduling.models import Run
from scheduling.options import Options
from scheduling.tallies import move_mark

logger = logging.getLogger(__name__)

INSPECT_EVERY = 10.0  # s between looks for broken and healed jobs
HEAL_AGAIN = 300.0  # s until a job that this process healed, and another broke, is healed again
# From the claim's time to the executor; SQLite's lock alone may take 20 s.
CLAIM_IN_TRANSIT = timedelta(seconds=30)


class Sweeper:
    """Sweeps every few seconds, in a thread of its own, so that no claim waits for it.

    is_steady  tells whether our clock, and what we see of other workers, can be trusted now
    records    tells the runs whose outcomes are on their way to the database
    """

    def __init__(
        self,
        worker: WorkerLoop,
        *,
        worker_id: int,
        is_steady: Callable[[], bool],
        records: Callable[[], set[int]],
        options: Options | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.trouble = ""
        self._worker = worker
        self._worker_id = worker_id
        self._is_steady = is_steady
        self._records = records
        self._options = options or Options()
        self._lease = timedelta(seconds=self._options.lease)
        self._silence = Silence(
            own_id=worker_id,
            lease=self._lease,
            beat=timedelta(seconds=2 * self._options.heartbeat),  # one may come late
        )
        self._clock = clock
        self._check_after = 0  # key of a job: those up to it fit this code
        self._unfit: deque[int] = deque()  # jobs of runs that this code refused
        self._healed: dict[int, float] = {}  # jobs, and when (monotonic)
        self._inspect_at = 0.0
        self._stopping = Event()
        self._woken = Event()
        self._thread = Thread(target=self._loop, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def notice_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Let the next ones of a queue start, and know when a retry is due, or a job broken."""
        if unfit := [one.run.job_id for one in outcomes if one.is_unfit and one.run.job_id]:
            self._unfit += unfit
            self._woken.set()
        job_ids = {outcome.run.job_id for outcome in outcomes if outcome.run.job_id is not None}
        released = sweeping.release_held_runs(self._clock(), job_ids) if job_ids else 0
        if released or any(wants_retry(outcome) for outcome in outcomes):
            self._worker.notice_change()

    def _loop(self) -> None:
        while not self._stopping.is_set():
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
            self._woken.wait(self._options.sweep)
            self._woken.clear()
        connection.close()

    def _sweep(self) -> None:
        now = self._clock()
        swept = sweeping.end_cancelled_runs(now) + self._lose_what_nobody_holds(now)
        dead = self._silence.look(now)
        if self._is_steady():
            swept += sweeping.miss_expired_runs(now) + sweeping.bury(dead, now)
        swept += sweeping.release_held_runs(now)
        if swept:
            self._worker.notice_change()
        self._check_some_jobs(now)
        self._inspect_if_due(now)

    def _check_some_jobs(self, now: datetime) -> None:
        """Check jobs of which a run was refused, and some others, round and round.

        A process with other code may have healed or edited them since.
        """
        unfit = {self._unfit.popleft() for _ in range(len(self._unfit))}
        if unfit:
            sweeping.check_jobs_of_unfit_runs(unfit, now)
        self._check_after = sweeping.check_jobs(now, after=self._check_after)

    def _lose_what_nobody_holds(self, now: datetime) -> int:
        """End runs that this worker has claimed and does not have: their claim got lost."""
        claimed_before = now - CLAIM_IN_TRANSIT
        mine = Run.objects.filter(
            worker_id=self._worker_id,
            status=Run.Status.RUNNING,
            started_at__lt=claimed_before,
        )
        claimed = set(mine.values_list("id", flat=True))
        nobodys = claimed - self._worker.holds() - self._records()
        if not nobodys:
            return 0
        return sweeping.lose_runs_that_nobody_holds(
            nobodys, worker_id=self._worker_id, claimed_before=claimed_before, now=now
        )

    def _inspect_if_due(self, now: datetime) -> None:
        if time.monotonic() < self._inspect_at:
            return
        self._inspect_at = time.monotonic() + INSPECT_EVERY
        sweeping.park_jobs_of_unknown_tasks(now, self._lease)
        sweeping.skip_runs_of_unknown_tasks(now, self._lease)
        self._heal_jobs(now)
        move_mark(now)
        if self._is_steady():
            recalling.recall_clocks(now)

    def _heal_jobs(self, now: datetime) -> None:
        """Heal jobs, but none again that newer code beside has just marked broken."""
        ago = time.monotonic() - HEAL_AGAIN
        recent = {job_id: at for job_id, at in self._healed.items() if at > ago}
        healed = sweeping.heal_jobs(now, but=recent)
        self._healed = recent | dict.fromkeys(healed, time.monotonic())
