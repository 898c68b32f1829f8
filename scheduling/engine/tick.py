"""The tick: fire times that have come are written down and the clocks are moved, together."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from scheduling.admission import Load
from scheduling.batches import insert_from
from scheduling.engine.due import lock_due
from scheduling.engine.firing import RUN_BLANKS, RUN_COLUMNS, DueJob, Firing, fire_job, run_row
from scheduling.exceptions import InvalidTrigger
from scheduling.jobstore import move_clocks
from scheduling.models import Job, Run
from scheduling.models.loads import loads
from scheduling.models.run import COPIED_FROM_JOB
from scheduling.options import Options

logger = logging.getLogger(__name__)

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
        jobs = lock_due(now, limit)
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
