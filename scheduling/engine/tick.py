"""The tick: fire times that have come are written down and the clocks are moved, together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django_apscheduler.models import DjangoJob

from scheduling.admission import Load
from scheduling.batches import insert_from
from scheduling.engine.firing import (
    DUE_COLUMNS,
    RUN_BLANKS,
    RUN_COLUMNS,
    DueJob,
    Firing,
    fire_job,
    run_row,
)
from scheduling.exceptions import InvalidTrigger
from scheduling.jobstore import move_clocks
from scheduling.models import Job, Run
from scheduling.models.loads import loads
from scheduling.models.run import COPIED_FROM_JOB
from scheduling.options import Options
from scheduling.registry import registry

logger = logging.getLogger(__name__)

AHEAD = 3  # times the limit: so many due jobs are looked at, for others may hold the first ones
MOST_RUNS = 1000  # written in one transaction, so that locks are held for a moment only


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick found."""

    fired: int  # jobs
    recorded: int  # runs written, missed and skipped ones included
    is_full: bool  # the batch was full: more may be due


def fire_due_jobs(now: datetime, *, limit: int, options: Options) -> Tick:
    """Fire at most `limit` due jobs, the oldest first.

    The runs and the steps of the clocks commit in one transaction. Jobs that another scheduler
    holds are left to it.
    """
    with transaction.atomic():
        jobs = _lock_due(now, limit)
        if not jobs:
            return Tick(0, 0, is_full=False)
        open_runs = loads([job.id for job in jobs])
        firings: list[Firing] = []
        runs = 0
        for job in jobs:
            if firing := _fire(job, now, open_runs.setdefault(job.id, Load()), options):
                firings.append(firing)
                runs += len(firing.occurrences)
            if runs >= MOST_RUNS:
                break  # the others are still due in the next transaction
        recorded = _record(firings, now)
        move_clocks([(firing.job.key, firing.next_at) for firing in firings])
        _finish([firing.job for firing in firings if firing.next_at is None], now)
    is_full = len(jobs) == limit or len(firings) < len(jobs)
    return Tick(len(firings), recorded, is_full=is_full)


def next_fire_time() -> datetime | None:
    """Return the earliest fire time of any active job, None if there is none."""
    next_at: datetime | None = _clocks().values_list("next_run_time", flat=True).first()
    return next_at


def _clocks() -> QuerySet[DjangoJob]:
    """Clocks of active jobs of tasks that this code knows, the earliest fire time first.

    Neither a join nor EXISTS: a planner without statistics would read all jobs and sort them.
    """
    active = Job.objects.filter(clock=OuterRef("pk")).exclude(state__in=Job.AT_REST).order_by()
    clocks = DjangoJob.objects.alias(task=Subquery(active.values("task")[:1]))
    firing: QuerySet[DjangoJob] = clocks.filter(
        task__in=registry.all_names(), next_run_time__isnull=False
    )
    return firing.order_by("next_run_time")


def _lock_due(now: datetime, limit: int) -> list[DueJob]:
    """Lock due jobs, the oldest first, past those that other schedulers hold."""
    due = _clocks().filter(next_run_time__lte=now).values_list("id", flat=True)
    jobs = Job.objects.due(now).filter(clock__in=list(due[: AHEAD * limit]))
    if connection.features.has_select_for_update_skip_locked:
        jobs = jobs.select_for_update(no_key=True, skip_locked=True)  # the job and its clock
    return [DueJob(*row) for row in jobs.values_list(*DUE_COLUMNS)[:limit]]


def _fire(job: DueJob, now: datetime, load: Load, options: Options) -> Firing | None:
    """Return what the job gives; park it as broken and return None if it cannot fire."""
    try:
        return fire_job(job, now=now, load=load, options=options)
    except InvalidTrigger as exc:
        Job.objects.get(pk=job.id).park(f"The trigger cannot be read: {exc}", now=now)
        return None


def _record(firings: Sequence[Firing], now: datetime) -> int:
    rows = [
        run_row(firing.job, occurrence, now)
        for firing in firings
        for occurrence in firing.occurrences
    ]
    recorded = insert_from(
        Run,
        source=Job,
        copied=COPIED_FROM_JOB,
        columns=(*RUN_COLUMNS, *RUN_BLANKS),
        rows=rows,
    )
    if recorded < len(rows):
        logger.warning("%d fire times had their run already", len(rows) - recorded)
    return recorded


def _finish(jobs: Sequence[DueJob], now: datetime) -> None:
    if jobs:
        Job.objects.filter(pk__in=[job.id for job in jobs]).update(
            state=Job.State.FINISHED, state_reason="No further fire time.", state_changed_at=now
        )
