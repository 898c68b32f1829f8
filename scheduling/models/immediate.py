"""A run that may start at once, requested in one round trip: what most triggers are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from scheduling.admission import instances
from scheduling.columns import columns_of, instant
from scheduling.models.loads import OPEN, WAITING
from scheduling.models.run import COPIED_FROM_JOB, Run
from scheduling.sql import Statement, places, row_lock, transaction_of
from scheduling.wakeup import RUNS, announcement

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from scheduling.models.job import Job


def run_at_once(
    job: Job, *, origin: str, requested_by: AbstractBaseUser | None, now: datetime
) -> Run | None:
    """Write down a run of `job` with its own parameters that may start now.

    None, and nothing is written, if the job is paused, was edited, or has as many open runs as
    it may have: then its policies decide, in `request_runs`.
    Raise InvalidParams, or JobConflict if the task is unknown.
    """
    job.params_with({})
    requester = requested_by.pk if requested_by else None
    insert = _insertion(job, {
        "origin": str(origin), "requested_by_id": requester, "status": str(Run.Status.PENDING),
        "scheduled_at": instant(now), "due_at": instant(now), "created_at": instant(now),
        "reason": "", "attempt": 0, "error": "", "traceback": "", "errors": json.dumps([]),
    })  # fmt: skip
    answers = transaction_of(_lock(job), insert, announcement(RUNS))
    rows = answers[1]
    if not rows:
        return None
    fields = [field.attname for field in Run._meta.concrete_fields]
    (record,) = columns_of(Run, *fields).records(rows)
    run = Run.from_db(connection.alias, fields, record.values())
    run.job = job
    return run


def _lock(job: Job) -> Statement:
    """Wait for whoever requests runs of the job, so that the count sees his."""
    lock = row_lock("NO KEY UPDATE")
    return f"SELECT id FROM scheduling_job WHERE id = %s{lock}", [job.pk]  # noqa: S608


def _insertion(job: Job, values: dict[str, object]) -> Statement:
    limit = instances(job.overlap, job.max_instances)
    copied = ", ".join(f"s.{name}" for name in COPIED_FROM_JOB.values())
    given = places(values)
    returned = ", ".join(str(field.column) for field in Run._meta.concrete_fields)
    return (
        f"INSERT INTO scheduling_run ({', '.join([*COPIED_FROM_JOB, *values])}) "  # noqa: S608
        f"SELECT {copied}, {given} FROM scheduling_job s WHERE s.id = %s AND s.state <> 'paused' "
        "AND s.task = %s AND s.params = %s AND s.overlap = %s AND s.max_instances = %s "
        f"AND (SELECT count(*) < %s AND {WAITING} = 0 FROM scheduling_run "
        f"WHERE job_id = s.id AND {OPEN}) "
        f"RETURNING {returned}",
        [*values.values(), job.pk, job.task, json.dumps(job.params), job.overlap,
         job.max_instances, limit],
    )  # fmt: skip
