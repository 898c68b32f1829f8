"""What nobody else puts right: lost runs, missed runs, queued runs, broken jobs."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django_apscheduler.models import DjangoJob

from scheduling.admission import Load, instances
from scheduling.attempts.claimed import COLUMNS, ClaimedRun, Outcome
from scheduling.attempts.settling import write_outcomes
from scheduling.jobstore import record_executions
from scheduling.models import Job, Run, Worker
from scheduling.models.loads import HELD, loads
from scheduling.registry import registry
from scheduling.sql import rows_of

logger = logging.getLogger(__name__)

# A worker that knows the task may just be starting anew.
PATIENCE = timedelta(minutes=5)
SLICE = 50  # jobs checked in a sweep: a thousandth of a core
# Columns of a job that tell whether it can run.
DECISIVE = (
    "key", "state", "task", "params", "trigger_kind", "trigger_expression", "timezone",
    "start_at", "end_at", "jitter_seconds", "anchor_at",
)  # fmt: skip
# Jobs with runs that wait for their turn; asked whenever runs have ended: see scheduling.sql.
QUEUES = f"SELECT DISTINCT job_id FROM scheduling_run WHERE {HELD} AND job_id IS NOT NULL"  # noqa: S608


def bury(workers: Iterable[Worker], now: datetime) -> int:
    """End the runs of workers that went silent as lost, or give them their next attempt."""
    count = 0
    for worker in workers:
        with transaction.atomic():
            unchanged = Worker.objects.filter(pk=worker.pk, heartbeat_at=worker.heartbeat_at)
            if not unchanged.select_for_update().exists():
                continue  # it was heard of just now
            silent_since = f"{worker.heartbeat_at:%Y-%m-%d %H:%M:%S}Z"
            reason = f"Worker {worker.name} died: no heartbeat since {silent_since}."
            outcomes = _lost_runs(worker.pk, now, reason)
            count += write_outcomes(outcomes)
            Worker.objects.filter(pk=worker.pk).update(
                stopped_at=now, trouble=f"Silent since {silent_since}."
            )
        record_executions(outcomes)
        logger.error("Worker %s is dead; %d of its runs are lost", worker.name, len(outcomes))
    return count


def miss_expired_runs(now: datetime) -> int:
    """End pending runs that no worker started within their grace as missed."""
    return Run.objects.expired(now).update(
        status=Run.Status.MISSED,
        reason="No worker was free to start it within its grace.",
        finished_at=now,
    )


def end_cancelled_runs(now: datetime) -> int:
    """End runs that were cancelled while a worker gave them back, or had their retry written."""
    return Run.objects.filter(status=Run.Status.PENDING, cancel_requested_at__isnull=False).update(
        status=Run.Status.CANCELLED, finished_at=now
    )


def release_held_runs(now: datetime, job_ids: Iterable[int] | None = None) -> int:
    """Let queued runs start whose turn has come, the oldest first."""
    waiting = {job_id for (job_id,) in rows_of((QUEUES, []))}
    if job_ids is not None:
        waiting &= set(job_ids)
    return sum(_release(job_id, now) for job_id in waiting)


def heal_jobs(now: datetime, *, but: Collection[int] = ()) -> list[int]:
    """Set the clocks of broken jobs that are whole again, and of active jobs without one.

    but  broken jobs that are left as they are
    returns the primary keys of those that fire again
    """
    # Each by an index of its own: a planner may take the one by state, and read all active jobs.
    broken = Job.objects.filter(pk__in=Job.objects.filter(state=Job.State.BROKEN).values("pk"))
    active = Job.objects.filter(clock=OuterRef("pk"), state=Job.State.ACTIVE)
    unset = DjangoJob.objects.filter(Exists(active), next_run_time=None).values_list(
        "pk", flat=True
    )
    stopped = Job.objects.filter(Q(clock=None) | Q(clock__in=list(unset))).order_by()
    jobs = (*broken.exclude(pk__in=but).order_by(), *stopped)
    return [job.pk for job in jobs if not job.fault() and job.heal(now=now)]


def park_jobs_of_unknown_tasks(now: datetime, lease: timedelta) -> int:
    """Mark jobs broken whose task no living worker has code for."""
    active, known = Job.objects.filter(state=Job.State.ACTIVE), set(registry.all_names())
    tasks = set(active.order_by().values_list("task", flat=True).distinct()) - known
    gone = [task for task in tasks if not Worker.objects.knowing(task, now, lease)]
    jobs = list(active.filter(task__in=gone)) if gone else []
    for job in jobs:
        job.park(f"Unknown task {job.task!r}: no installed app has it.", now=now)
        logger.error("[%s] is broken: %s", job.key, job.state_reason)
    return len(jobs)


def skip_runs_of_unknown_tasks(now: datetime, lease: timedelta) -> int:
    """End runs as skipped that no living worker has code for, once they waited a while."""
    long_ago = now - PATIENCE
    waited = Q(due_at__lt=long_ago) | Q(due_at=None, created_at__lt=long_ago)
    # Those that have not waited are asked for, too: for an OR, SQLite would read all runs.
    pending = Run.objects.filter(status=Run.Status.PENDING)
    unknown = pending.exclude(task__in=registry.all_names()).order_by()
    return sum(
        pending.filter(waited, task=task).update(
            status=Run.Status.SKIPPED,
            reason=f"No worker has a task called {task!r}.",
            finished_at=now,
        )
        for task in unknown.values_list("task", flat=True).distinct()
        if not Worker.objects.knowing(task, now, lease)
    )


def check_jobs(now: datetime, *, after: int = 0, limit: int = SLICE) -> int:
    """Mark jobs broken whose parameters or trigger the code of this process refuses.

    Look at `limit` jobs, those with the next primary keys after `after`, and return where to go
    on; 0 after the last ones. To check them all takes seconds where there are 100,000.
    """
    # Only by primary key: with further conditions a planner may read and sort all of them.
    looked_at = list(Job.objects.filter(pk__gt=after).order_by("pk").only(*DECISIVE)[:limit])
    known = registry.all_names()
    _park_with_faults(
        [job for job in looked_at if job.state == Job.State.ACTIVE and job.task in known], now
    )
    return looked_at[-1].pk if len(looked_at) == limit else 0


def check_jobs_of_unfit_runs(job_ids: Iterable[int], now: datetime) -> None:
    """Mark those jobs broken that are the reason why the code refused a run of theirs."""
    _park_with_faults(Job.objects.filter(pk__in=job_ids, state=Job.State.ACTIVE), now)


def lose_runs_that_nobody_holds(
    run_ids: Iterable[int], *, worker_id: int, claimed_before: datetime, now: datetime
) -> int:
    """End runs of the living worker that it does not have, as lost.

    Their claim was written although the worker never got the answer.
    """
    old = {"pk__in": list(run_ids), "started_at__lt": claimed_before}  # not their next attempt
    reason = "Its claim was written, but the connection broke before the worker knew of it."
    with transaction.atomic():
        return write_outcomes(_lost_runs(worker_id, now, reason, **old))


def lose_all_runs(worker_id: int, now: datetime, reason: str) -> None:
    """End what the worker runs as lost: it ends at once and does not wait for them."""
    with transaction.atomic():
        write_outcomes(_lost_runs(worker_id, now, reason))


def _park_with_faults(jobs: Iterable[Job], now: datetime) -> None:
    for job in jobs:
        if fault := job.fault():
            job.park(fault, now=now)
            logger.error("[%s] is broken: %s", job.key, fault)


def _release(job_id: int, now: datetime) -> int:
    with transaction.atomic():
        job = Job.objects.locked(skip_locked=True).filter(pk=job_id).first()
        if job is None:
            return 0  # deleted, or in other hands: the next sweep looks again
        load = loads([job.pk]).get(job.pk, Load())
        room = max(0, instances(job.overlap, job.max_instances) - load.active)
        turn = Run.objects.held().filter(job=job).order_by("scheduled_at", "id")
        ids = list(turn.values_list("pk", flat=True)[:room])
        return Run.objects.filter(pk__in=ids).update(due_at=now)


def _lost_runs(worker_id: int, now: datetime, reason: str, **only: object) -> list[Outcome]:
    """Lock running runs of the worker, and return their ends; others' hands keep theirs."""
    runs = Run.objects.filter(worker_id=worker_id, status=Run.Status.RUNNING, **only)
    rows = runs.select_for_update(skip_locked=True).values(*COLUMNS, "started_at")
    return [
        Outcome(
            run=ClaimedRun.of(row, worker_id=worker_id),
            status=Run.Status.LOST,
            started_at=row["started_at"],
            finished_at=now,
            reason=reason,
        )
        for row in rows
    ]
