"""A run that may start at once, requested in one round trip: what most triggers are."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from scheduling.admission import instances
from scheduling.columns import columns_of, instant
from scheduling.models.loads import OPEN, WAITING
from scheduling.models.run import COPIED_FROM_JOB, Run
from scheduling.planned import planned_once, surely
from scheduling.sql import Statement, row_lock, transaction_of
from scheduling.wakeup import RUNS, announcing

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from scheduling.models.job import Job

# Columns with their types: what is given of the run, and what was seen of the job.
GIVEN = {
    "origin": "text",
    "requested_by_id": "bigint",
    "scheduled_at": "timestamptz",
    "due_at": "timestamptz",
    "created_at": "timestamptz",
}
SEEN = {
    "id": "bigint",
    "key": "text",
    "task": "text",
    "params": "jsonb",
    "overlap": "text",
    "max_instances": "int",
}
# Of a run that nobody has begun.
BLANKS = {
    "status": "'pending'",
    "reason": "''",
    "attempt": "0",
    "error": "''",
    "traceback": "''",
    "errors": "'[]'",
}
# What the job's row says, which may be newer than the job at hand.
RETURNED = (
    "id", "owner_id", "timeout_seconds", "max_attempts", "backoff_seconds", "retry_lost",
)  # fmt: skip


def run_at_once(
    job: Job, *, origin: str, requested_by: AbstractBaseUser | None, now: datetime
) -> Run | None:
    """Write down a run of `job` with its own parameters that may start now.

    None, and nothing is written, if the job is paused, was edited, or has as many open runs as
    it may have: then its policies decide, in `request_runs`.
    Raise InvalidParams, or JobConflict if the task is unknown.
    """
    job.params_with({})
    run = Run.of(
        job,
        scheduled_at=now,
        due_at=now,
        created_at=now,
        origin=str(origin),
        requested_by_id=requested_by.pk if requested_by else None,
    )
    rows = surely(lambda: transaction_of(_lock(job), *_insertion(job, run))[1])
    if not rows:
        return None
    (record,) = columns_of(Run, *RETURNED).records([rows[0][: len(RETURNED)]])
    for name, value in record.items():
        setattr(run, name, value)
    run._state.adding = False
    return run


def _lock(job: Job) -> Statement:
    """Wait for whoever requests runs of the job, so that the count sees his."""
    text = f"SELECT id FROM scheduling_job WHERE id = %s{row_lock('NO KEY UPDATE')}"  # noqa: S608
    return planned_once("daybook_lock_job", text, [job.pk], ["bigint"])


def _insertion(job: Job, run: Run) -> tuple[Statement, ...]:
    """Insert the run if the job is still as it was read, and may have another one now."""
    at = instant(run.scheduled_at)
    given = [run.origin, run.requested_by_id, at, at, at]
    params = json.dumps(job.params)
    seen = [job.pk, job.key, job.task, params, job.overlap, job.max_instances]
    limit = instances(job.overlap, job.max_instances)
    text, *waking = _texts()
    types = [*GIVEN.values(), *SEEN.values(), "int"]
    return planned_once("daybook_run_at_once", text, [*given, *seen, limit], types), *waking


@cache
def _texts() -> tuple[str, *tuple[Statement, ...]]:
    columns = ", ".join([*COPIED_FROM_JOB, *BLANKS, *GIVEN])
    copied = ", ".join(f"s.{name}" for name in COPIED_FROM_JOB.values())
    values = ", ".join([copied, *BLANKS.values(), *("%s" for _ in GIVEN)])
    is_as_seen = " AND ".join(f"s.{name} = %s" for name in SEEN)
    return announcing(
        f"INSERT INTO scheduling_run ({columns}) SELECT {values} FROM scheduling_job s "  # noqa: S608
        f"WHERE {is_as_seen} AND s.state <> 'paused' "
        f"AND (SELECT count(*) < %s AND {WAITING} = 0 FROM scheduling_run "
        f"WHERE job_id = s.id AND {OPEN}) RETURNING {', '.join(RETURNED)}",
        RUNS,
    )
