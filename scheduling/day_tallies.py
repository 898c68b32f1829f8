"""What ended runs add up to by day, kept in rows as the mark of the tallies moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, DateField, F, Func, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from scheduling.microseconds import MicrosecondsBetween
from scheduling.models import DayTally, Run

KEPT = timedelta(days=100)
# What a row says of its runs, and how two rows become one.
COUNTS = ("runs", "started", "duration_microseconds", "lateness_microseconds")
GREATEST = ("longest_microseconds", "latest_microseconds")
FIGURES = (*COUNTS, *GREATEST)


class UtcDay(Func):
    """The day of an instant in UTC. Django's own is a Python function on SQLite, for each row."""

    output_field = DateField()
    arity = 1
    template = "((%(expressions)s) AT TIME ZONE 'UTC')::date"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        sql, params = self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)")
        return sql, params


def add_to_days(runs: QuerySet[Run]) -> None:
    """Add those of `runs` that have ended, which nobody added before.

    The caller's transaction has changed the mark, so nobody else adds the same ones meanwhile.
    """
    owner_id = _or("owner_id", DayTally.NO_OWNER)
    _insert(figures_by_day(runs, owner_id=owner_id, job_id=Value(DayTally.ALL_JOBS)))
    of_jobs = runs.filter(job__isnull=False)
    _insert(figures_by_day(of_jobs, owner_id=owner_id, job_id=F("job_id")))


def figures_by_day(runs: QuerySet[Run], **by: Any) -> QuerySet[Run, dict[str, Any]]:
    """Return what those of `runs` that have ended add up to, by day, of_status and `by`."""
    groups = {f"of_{name}": expression for name, expression in by.items()}
    # Not the column itself: SQLite would then read all runs, in the order of its index.
    groups["of_status"] = _or("status", "")
    rows: QuerySet[Run, dict[str, Any]] = (
        runs.exclude(status__in=Run.OPEN)
        .order_by()
        .annotate(
            day=UtcDay("scheduled_at"),
            took=MicrosecondsBetween("started_at", "finished_at"),
            late=MicrosecondsBetween("due_at", "started_at"),
            **groups,
        )
        .values("day", *groups)
        .annotate(
            runs=Count("pk"),
            started=Count("took"),
            duration_microseconds=_sum("took"),
            lateness_microseconds=_sum("late"),
            # A clock may have gone back.
            longest_microseconds=_most("took"),
            latest_microseconds=_most("late"),
        )
    )
    return rows


def _insert(figures: QuerySet[Run, dict[str, Any]]) -> None:
    """Add to the rows that are there: one statement, for a step may touch thousands."""
    table = DayTally._meta.db_table
    try:
        query, params = figures.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:  # Django knows that no run is meant
        return
    groups = ["job_id", "day", "owner_id", "status"]
    read = ["of_job_id", "day", "of_owner_id", "of_status"]
    changes = [f"{name} = {table}.{name} + excluded.{name}" for name in COUNTS]
    changes += [f"{name} = {_greatest(f'{table}.{name}', f'excluded.{name}')}" for name in GREATEST]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({_list(groups)}, {_list(FIGURES)}) "  # noqa: S608
            f"SELECT {_list(read)}, {_list(FIGURES)} FROM ({query}) AS ended "
            f"WHERE true ON CONFLICT ({_list(groups)}) DO UPDATE SET {', '.join(changes)}",
            params,
        )


def _greatest(one: str, other: str) -> str:
    return f"CASE WHEN {one} > {other} THEN {one} ELSE {other} END"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _or(name: str, value: int | str) -> Coalesce:
    return Coalesce(F(name), Value(value))


def _sum(name: str) -> Coalesce:
    return Coalesce(Sum(name, filter=Q(**{f"{name}__gt": 0})), Value(0))


def _most(name: str) -> Coalesce:
    return Coalesce(Max(name, filter=Q(**{f"{name}__gt": 0})), Value(0))
