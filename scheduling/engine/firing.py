"""What a job whose fire time has come gives: runs that start, runs that are missed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from scheduling.admission import Load, admit, refusal
from scheduling.models import Job, Run
from scheduling.options import Options
from scheduling.triggers import DueTimes, Trigger, TriggerSpec, build_trigger

MARGIN = timedelta(milliseconds=1)  # jitter ends this long before the next fire time


class DueJob(NamedTuple):
    """The columns of a due job that decide about its runs."""

    id: int
    key: str
    task: str
    trigger_kind: str
    trigger_expression: str
    timezone: str
    start_at: datetime | None
    end_at: datetime | None
    jitter_seconds: int
    anchor_at: datetime
    coalesce: bool
    overlap: str
    max_instances: int
    misfire_grace_seconds: int | None
    next_run_at: datetime

    @property
    def trigger(self) -> Trigger:
        return build_trigger(
            TriggerSpec(
                kind=self.trigger_kind,
                expression=self.trigger_expression,
                timezone=self.timezone,
                start_at=self.start_at,
                end_at=self.end_at,
                jitter_seconds=self.jitter_seconds,
                # Others do not count by it, and alike ones shall be built once.
                anchor_at=self.anchor_at if self.trigger_kind == "interval" else None,
            )
        )

    @property
    def grace(self) -> timedelta | None:
        seconds = self.misfire_grace_seconds
        return None if seconds is None else timedelta(seconds=seconds)


DUE_COLUMNS = DueJob._fields  # of the job; the last one is its clock's


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A run to be written for one fire time."""

    scheduled_at: datetime
    status: str
    reason: str = ""
    due_at: datetime | None = None
    expires_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """What one due job gives, and where its clock goes; next_at None: it is finished."""

    job: DueJob
    occurrences: Sequence[Occurrence]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moment:
    """What a job finds when it fires."""

    now: datetime
    load: Load  # the job's runs that have not ended; counts those that are admitted
    options: Options


def fire_job(
    job: DueJob,
    *,
    now: datetime,
    load: Load,
    options: Options,
    random_part: Callable[[], float] = random.random,
) -> Firing:
    """Decide about every fire time of `job` up to `now`, and count the runs in `load`.

    Raise InvalidTrigger if its trigger cannot be read any more.
    """
    moment = Moment(now, load, options)
    due = DueTimes.since(
        job.next_run_at, job.trigger, now, coalesce=job.coalesce, cap=options.catch_up_cap
    )
    occurrences = []
    for instant, following in zip(due.times, [*due.times[1:], due.next_at], strict=True):
        note = due.note if instant == due.times[0] else ""
        if _is_late(job, instant, now):
            occurrences.append(_missed(job, instant, now, note))
            continue
        delay = jitter(job, instant, following, random_part())
        occurrences.append(_admitted(job, instant, moment, delay, note))
    return Firing(job, occurrences, due.next_at)


def _is_late(job: DueJob, instant: datetime, now: datetime) -> bool:
    return job.grace is not None and now - instant > job.grace


def _missed(job: DueJob, instant: datetime, now: datetime, note: str) -> Occurrence:
    late = (now - instant).total_seconds()
    reason = (
        f"No scheduler looked until {late:.0f} s after the fire time; "
        f"the grace is {job.misfire_grace_seconds} s. {note}"
    )
    return Occurrence(instant, Run.Status.MISSED, reason.strip(), finished_at=now)


def _admitted(
    job: DueJob, instant: datetime, moment: Moment, delay: timedelta, note: str
) -> Occurrence:
    load, cap = moment.load, moment.options.queue_cap
    decision = admit(load, overlap=job.overlap, max_instances=job.max_instances, queue_cap=cap)
    if decision == "skip":
        reason = f"{refusal(load, overlap=job.overlap, queue_cap=cap)} {note}".strip()
        return Occurrence(instant, Run.Status.SKIPPED, reason, finished_at=moment.now)
    if decision == "wait":
        return Occurrence(instant, Run.Status.PENDING, note)
    due_at = instant + delay
    expires_at = None if job.grace is None else due_at + job.grace
    return Occurrence(instant, Run.Status.PENDING, note, due_at=due_at, expires_at=expires_at)


def jitter(
    job: DueJob, instant: datetime, following: datetime | None, random_part: float
) -> timedelta:
    """Return how long after its fire time a run starts; never as late as the next fire time."""
    delay = timedelta(seconds=job.jitter_seconds * random_part)
    if following is None:
        return delay
    return max(timedelta(), min(delay, following - instant - MARGIN))


def fire(key: str) -> None:
    """Request a run of the job `key`: what a foreign APScheduler would call for our clocks."""
    Job.objects.get(key=key).trigger()


def run_row(job: DueJob, occurrence: Occurrence, now: datetime) -> tuple[Any, ...]:
    """Return the job's primary key, then the values of RUN_COLUMNS and RUN_BLANKS."""
    return (
        job.id,
        Run.Origin.SCHEDULE,
        occurrence.scheduled_at,
        occurrence.due_at,
        occurrence.expires_at,
        occurrence.status,
        occurrence.reason,
        occurrence.finished_at,
        now,
        *RUN_BLANKS.values(),
    )


RUN_COLUMNS = (
    "origin", "scheduled_at", "due_at", "expires_at", "status", "reason", "finished_at",
    "created_at",
)  # fmt: skip
RUN_BLANKS: dict[str, Any] = {"attempt": 0, "error": "", "traceback": "", "errors": []}
