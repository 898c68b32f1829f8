"""Which jobs are due, and when the next one is. Written out: see scheduling.sql."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from django_apscheduler.models import DjangoJob

from scheduling.columns import Columns, columns_of, instant
from scheduling.engine.firing import DUE_COLUMNS, DueJob
from scheduling.models import Job
from scheduling.registry import registry
from scheduling.sql import places, row_lock, rows_of

AHEAD = 3  # times the limit: so many due jobs are looked at, for others may hold the first ones
FIRES = f"state NOT IN ({', '.join(repr(str(state)) for state in Job.AT_REST)})"


def next_fire_time() -> datetime | None:
    """Return the earliest fire time of any active job, None if there is none."""
    names = registry.all_names()
    clocks = _clocks("c.next_run_time IS NOT NULL", names)
    rows = rows_of((f"SELECT c.next_run_time {clocks} LIMIT 1", names))
    next_at: datetime | None = None
    for record in columns_of(DjangoJob, "next_run_time").records(rows):
        next_at = record["next_run_time"]
    return next_at


def lock_due(now: datetime, limit: int) -> list[DueJob]:
    """Lock due jobs and their clocks, the oldest first, past those that other schedulers hold."""
    names, at = registry.all_names(), instant(now)
    clocks = _clocks("c.next_run_time <= %s", names)
    due = rows_of((f"SELECT c.id {clocks} LIMIT {AHEAD * limit:d}", [at, *names]))
    ids = [clock_id for (clock_id,) in due]
    columns = _columns()
    rows = rows_of((
        f"SELECT {', '.join(columns.names)} FROM scheduling_job j "  # noqa: S608
        "JOIN django_apscheduler_djangojob c ON c.id = j.clock_id "
        f"WHERE c.id IN ({places(ids)}) AND c.next_run_time <= %s AND j.{FIRES} "
        f"ORDER BY c.next_run_time, j.id LIMIT {limit:d}{row_lock('NO KEY UPDATE SKIP LOCKED')}",
        [*ids, at],
    ))  # fmt: skip
    return [DueJob(*record.values()) for record in columns.records(rows)]


def _clocks(condition: str, tasks: Sequence[str]) -> str:
    """Return the SQL of the clocks of active jobs of these tasks, the earliest fire time first.

    Neither a join nor EXISTS: a planner without statistics would read all jobs and sort them.
    """
    task = f"SELECT task FROM scheduling_job WHERE clock_id = c.id AND {FIRES}"  # noqa: S608
    return (
        f"FROM django_apscheduler_djangojob c WHERE {condition} "
        f"AND ({task}) IN ({places(tasks)}) ORDER BY c.next_run_time"
    )


@cache
def _columns() -> Columns:
    job, clock = columns_of(Job, *DUE_COLUMNS[:-1]), columns_of(DjangoJob, "next_run_time")
    return Columns(
        [*job.fields, *clock.fields],
        [*(f"j.{name}" for name in job.names), *(f"c.{name}" for name in clock.names)],
    )
