"""The worker's loop: claim what may start, end what must end, sweep up after the dead."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from django.db import close_old_connections, connection

from scheduling.attempts.claimed import Outcome
from scheduling.attempts.claiming import claim_due, next_due_at
from scheduling.attempts.settling import wants_retry
from scheduling.engine import recalling, sweeping
from scheduling.executors.base import Executor
from scheduling.models import Run
from scheduling.options import Options
from scheduling.registry import registry

logger = logging.getLogger(__name__)

ENFORCE_EVERY = 0.2  # s between looks at timeouts while something runs
INSPECT_EVERY = 10.0  # s between looks for broken and healed jobs
CLAIM_IN_TRANSIT = timedelta(seconds=10)  # from the claim's time to the executor
ERROR_WAIT = 1.0  # s after a step that failed


class WorkerLoop:
    """Runs runs in the executors of this process until it is stopped.

    executors  by isolation: "thread", "process"
    may_bury   tells whether silent workers may be taken for dead now
    holds      tells the runs whose outcomes are on their way to the database
    """

    def __init__(
        self,
        *,
        worker_id: int,
        executors: Mapping[str, Executor],
        may_bury: Callable[[], bool],
        holds: Callable[[], set[int]],
        options: Options | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.trouble = ""
        self._worker_id = worker_id
        self._may_bury = may_bury
        self._holds = holds
        self._executors = executors
        self._options = options or Options()
        self._lease = timedelta(seconds=self._options.lease)
        self._clock = clock
        self._woken = Event()
        self._stopping = Event()
        self._changed = True  # runs may have come in, or be told to stop
        self._has_backlog = False  # runs wait for a free slot
        self._look_at = 0.0  # monotonic: when the next pending run may start
        self._sweep_at = 0.0
        self._inspect_at = 0.0
        self._thread = Thread(target=self._loop, name="worker", daemon=True)
        self._timekeeper = Thread(target=self._keep_time, name="timekeeper", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._timekeeper.start()

    def notice_change(self) -> None:
        """Look at the database at once: something was triggered, fired or cancelled."""
        self._changed = True
        self._woken.set()

    def notice_free_slot(self) -> None:
        """Claim on, if runs are waiting for a slot."""
        self._woken.set()

    def notice_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Let the next ones of a queue start, and know when a retry is due."""
        job_ids = {outcome.run.job_id for outcome in outcomes if outcome.run.job_id is not None}
        released = sweeping.release_held_runs(self._clock(), job_ids) if job_ids else 0
        if released or any(wants_retry(outcome) for outcome in outcomes):
            self.notice_change()

    def stop(self) -> None:
        """Claim nothing more. What runs goes on."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()
        self._timekeeper.join()

    def _keep_time(self) -> None:
        """End what is out of time, in a thread that no database can hold up."""
        while not self._stopping.wait(ENFORCE_EVERY):
            for executor in self._executors.values():
                executor.enforce_timeouts()

    def _loop(self) -> None:
        wait = 0.0
        while not self._stopping.is_set():
            self._woken.wait(wait)
            self._woken.clear()
            try:
                close_old_connections()
                wait = self._step()
                self.trouble = ""
            except Exception as exc:  # a loop that must survive: the database may be away
                self._note_failure(exc)
                wait = ERROR_WAIT
        connection.close()

    def _note_failure(self, exc: Exception) -> None:
        if not self.trouble:
            logger.exception("The worker's loop stumbled; it goes on")
        self.trouble = f"{type(exc).__name__}: {exc}"
        self._changed = True
        connection.close()

    def _step(self) -> float:
        has_changed, self._changed = self._changed, False
        if has_changed:
            self._stop_what_is_cancelled()
        self._claim_if_worthwhile(has_changed)
        self._sweep_if_due()
        return self._seconds_to_wait()

    def _claim_if_worthwhile(self, has_changed: bool) -> None:
        is_due = time.monotonic() >= self._look_at
        if not (has_changed or is_due or self._has_backlog):
            return
        self._has_backlog = False
        now = self._clock()
        for isolation, executor in self._executors.items():
            self._fill(executor, _tasks_of(isolation), now)
        self._look_at = time.monotonic() + self._seconds_to_next_run(now)

    def _fill(self, executor: Executor, tasks: Sequence[str], now: datetime) -> None:
        free = executor.free()
        if not tasks:
            return
        if not free:
            self._has_backlog = True
            return
        runs = claim_due(worker_id=self._worker_id, tasks=tasks, limit=free, now=now)
        for run in runs:
            executor.submit(run)
        self._has_backlog |= len(runs) == free

    def _seconds_to_next_run(self, now: datetime) -> float:
        due_at = next_due_at(registry.all_names(), now)
        if due_at is None:
            return self._options.max_sleep
        return min((due_at - self._clock()).total_seconds(), self._options.max_sleep)

    def _stop_what_is_cancelled(self) -> None:
        cancelled = Run.objects.filter(
            worker_id=self._worker_id,
            status=Run.Status.RUNNING,
            cancel_requested_at__isnull=False,
        )
        for run_id, reason in cancelled.values_list("id", "reason"):
            for executor in self._executors.values():
                executor.stop(run_id, Run.Status.CANCELLED, reason)

    def _sweep_if_due(self) -> None:
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + self._options.sweep
        now = self._clock()
        self._stop_what_is_cancelled()
        swept = sweeping.miss_expired_runs(now)
        if self._may_bury():
            swept += sweeping.lose_runs_of_dead_workers(now, self._lease, own_id=self._worker_id)
        swept += self._lose_what_nobody_holds(now)
        swept += sweeping.release_held_runs(now)
        if swept:
            self.notice_change()
        self._inspect_if_due(now)

    def _lose_what_nobody_holds(self, now: datetime) -> int:
        """End runs that this worker has claimed and does not have: their claim got lost."""
        mine = Run.objects.filter(
            worker_id=self._worker_id,
            status=Run.Status.RUNNING,
            started_at__lt=now - CLAIM_IN_TRANSIT,
        )
        claimed = set(mine.values_list("id", flat=True))
        held = {run_id for executor in self._executors.values() for run_id in executor.running()}
        nobodys = claimed - held - self._holds()
        if not nobodys:
            return 0
        return sweeping.lose_runs_that_nobody_holds(nobodys, worker_id=self._worker_id, now=now)

    def _inspect_if_due(self, now: datetime) -> None:
        if time.monotonic() < self._inspect_at:
            return
        if not self._inspect_at:
            sweeping.park_jobs_with_faults(now)
        self._inspect_at = time.monotonic() + INSPECT_EVERY
        sweeping.park_jobs_of_unknown_tasks(now, self._lease)
        sweeping.skip_runs_of_unknown_tasks(now, self._lease)
        sweeping.heal_jobs(now)
        if self._may_bury():
            recalling.recall_clocks(now)

    def _seconds_to_wait(self) -> float:
        if self._changed:
            return 0.0
        return max(min(self._look_at, self._sweep_at) - time.monotonic(), 0.0)


def _tasks_of(isolation: str) -> list[str]:
    tasks = [task for task in registry if task.isolation == isolation]
    return [name for task in tasks for name in (task.name, *task.aliases)]
