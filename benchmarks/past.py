"""A month of history, written by the database itself: a million rows in seconds.

Of 200 jobs five have half of the runs. 93 of a hundred runs succeeded, three failed, and one each
was degraded, timed out, missed or skipped. They took 20 ms to 3 s, one in 500 a minute and a half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

JOBS = 200
BUSIEST = "job-0"
MONTH = timedelta(days=30)
# SQL of both databases. A row has: n, its number; at, ms since the month began; lot, 0 to 99.
JOB = f"'job-' || (CASE WHEN n % 2 = 0 THEN n / 2 % 5 ELSE 5 + n / 2 % {JOBS - 5} END)"
TOOK = "(CASE WHEN n % 500 = 0 THEN 90000 ELSE 20 + n * 7919 % 2980 END)"  # ms
LATE = "(3 + n * 31 % 40)"  # ms


@dataclass(frozen=True, slots=True)
class Past:
    """The month before `now`, in which `size` rows are spread evenly."""

    size: int
    now: datetime

    def insert(self, table: str, columns: Mapping[str, str], rows: range, joined: str = "") -> None:
        """Insert `rows` of it into `table`; `columns` is SQL by name of the column."""
        step = MONTH.total_seconds() * 1000 / self.size
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH RECURSIVE numbers (n) AS (SELECT CAST("  # noqa: S608
                f"{rows.start} AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n < "
                f"{rows.stop - 1}), past AS (SELECT n, CAST(n * {step} AS bigint) AS at, "
                f"n / 10 % 100 AS lot, {JOB} AS job FROM numbers) "
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {', '.join(columns.values())} FROM past{joined} ORDER BY n"
            )

    def instant(self, milliseconds: str) -> str:
        """Return SQL for an instant so many milliseconds after the month began."""
        since = f"{(self.now - MONTH).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        if connection.vendor == "sqlite":
            return (
                f"strftime('%Y-%m-%d %H:%M:%f', '{since}', (({milliseconds}) / 1e3) || ' seconds')"
            )
        return f"timestamptz '{since}Z' + ({milliseconds}) * interval '1 millisecond'"


def settle() -> None:
    """Let PostgreSQL know its tables, as autovacuum would by then. SQLite is left as it is."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
