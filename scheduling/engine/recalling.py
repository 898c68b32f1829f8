"""Clocks of jobs that went ahead of the time, set back.

A machine whose clock reads ahead, if only for one tick, fires everything up to there: the clocks
of its jobs move beyond it, one-offs finish, and all would wait until that time has come. Such a
tick leaves runs of the future behind, and nothing else does; so these are what is looked for, in
the index by time, whatever the number of jobs. docs/time.md is the contract.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django_apscheduler.models import DjangoJob

from scheduling.exceptions import InvalidTrigger
from scheduling.jobstore import move_clocks
from scheduling.models import Job, Run
from scheduling.tallies import count_before_deletion
from scheduling.wakeup import announce_change

logger = logging.getLogger(__name__)

# Hosts may differ by so much; a fire time further ahead has not come for any of them.
SKEW = timedelta(minutes=5)
# How far back the last fire time of a job may lie, to go on from there.
LOOK_BACK = timedelta(days=1)
BATCH = 500  # jobs, so that their locks are held for a moment only
MOST_BATCHES = 10  # in a row; the next inspection goes on
NAMED = 10  # jobs in the log


def recall_clocks(now: datetime) -> int:
    """Set back the clocks of jobs that fired for a time that has not come; return how many.

    They go on from their last fire time that has come. What nobody started is taken back.
    """
    keys: list[str] = []
    taken_back = 0
    for _ in range(MOST_BATCHES):
        job_ids = _jobs_ahead(now)
        if not job_ids:
            break
        with transaction.atomic():
            recalled = _step_back(job_ids, now)
            taken_back += _take_back(recalled, now)
        keys += recalled.values()
        if not recalled:
            break  # the rest is in other hands
    if keys:
        names = ", ".join(keys[:NAMED]) + (", …" if len(keys) > NAMED else "")
        logger.error(
            "A clock read ahead. Fire again from now on: %d jobs (%s). Taken back: %d runs that "
            "had not started.", len(keys), names, taken_back,
        )  # fmt: skip
    return len(keys)


def _jobs_ahead(now: datetime) -> list[int]:
    """Return jobs that fired for a time to come, and wait for one beyond it or are finished."""
    newest = Run.objects.order_by("-scheduled_at").values_list("scheduled_at", flat=True).first()
    if newest is None or newest <= now + SKEW:
        return []  # as always: one look into the index by time
    ahead = Run.objects.filter(
        Q(job__state=Job.State.FINISHED)
        | Q(job__state=Job.State.ACTIVE, job__clock__next_run_time__gt=F("scheduled_at")),
        origin=Run.Origin.SCHEDULE,
        scheduled_at__gt=now + SKEW,
    )
    job_ids = ahead.order_by().values_list("job_id", flat=True).distinct()
    return [job_id for job_id in job_ids[:BATCH] if job_id is not None]


def _step_back(job_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Set back the clocks of the jobs that are ahead; return their keys by primary key."""
    jobs = list(Job.objects.locked(skip_locked=True).filter(pk__in=job_ids))
    steps = _steps_back(jobs, now)
    move_clocks([(job.key, next_at) for job, next_at in steps])
    recalled = {job.pk: job.key for job, _ in steps}
    Job.objects.filter(pk__in=recalled, state=Job.State.FINISHED).update(
        state=Job.State.ACTIVE, state_reason="", state_changed_at=now
    )
    if recalled:
        announce_change()
    return recalled


def _steps_back(jobs: Sequence[Job], now: datetime) -> list[tuple[Job, datetime]]:
    """Return each job that is ahead with the first fire time that it did not answer for."""
    clocks = dict(DjangoJob.objects.filter(job__in=jobs).values_list("id", "next_run_time"))
    fired = _last_fire_times(jobs, now)
    steps = []
    for job in jobs:
        since = max(fired.get(job.pk, now), min(job.updated_at, now))
        try:
            next_at = job.trigger_object.next_after(since)
        except InvalidTrigger:
            continue  # the next tick parks it
        ahead = clocks.get(job.key)
        if next_at is not None and (ahead is None or next_at < ahead):
            steps.append((job, next_at))
    return steps


def _last_fire_times(jobs: Sequence[Job], now: datetime) -> dict[int | None, datetime]:
    """Return up to when the jobs fired by clocks that did not read ahead."""
    runs = Run.objects.filter(
        job__in=jobs,
        origin=Run.Origin.SCHEDULE,
        scheduled_at__range=(now - LOOK_BACK, now),
        created_at__lte=now,
    )
    return dict(runs.order_by().values_list("job_id").annotate(Max("scheduled_at")))


def _take_back(job_ids: Collection[int], now: datetime) -> int:
    """Delete what was written down ahead of the time and not started, and return how much.

    Its row would keep the fire time from its run when it comes, and hold up those before.
    """
    runs = Run.objects.filter(
        job_id__in=job_ids,
        origin=Run.Origin.SCHEDULE,
        status__in=[Run.Status.PENDING, Run.Status.MISSED, Run.Status.SKIPPED],
        attempt=0,
        created_at__gt=now,
    )
    # Locked first: what a worker claims meanwhile stays.
    ids = list(runs.order_by("id").select_for_update().values_list("pk", flat=True))
    count_before_deletion(ids)  # a counter that somebody has seen never falls
    Run.objects.filter(pk__in=ids).delete()
    return len(ids)
