"""How a change made anywhere reaches the schedulers at once.

PostgreSQL carries it by NOTIFY, which is delivered when the transaction commits. SQLite has no
such thing: there a counter rises in the transaction, and schedulers look at it often.
"""

from __future__ import annotations

from django.db import connection

from scheduling.sql import Statement, rows_of, together

CHANNEL = "daybook_scheduling"
CLOCKS, RUNS = "clocks", "runs"  # what a NOTIFY is about
COUNTER_TABLE = "scheduling_change"


def announce_change() -> None:
    """Wake every scheduler and worker when the current transaction commits."""
    together(announcement(CLOCKS))


def announce_runs() -> None:
    """Wake every worker when the current transaction commits: runs are to start or to stop."""
    together(announcement(RUNS))


def announcement(what: str) -> Statement:
    """Return the statement that does so, for who has others to send along with it."""
    if connection.vendor == "postgresql":
        return "SELECT pg_notify(%s, %s)", [CHANNEL, what]
    return (
        f"INSERT INTO {COUNTER_TABLE} (id, number) VALUES (1, 1) "  # noqa: S608
        "ON CONFLICT (id) DO UPDATE SET number = number + 1",
        [],
    )


def announcing(insertion: str, what: str) -> tuple[str, *tuple[Statement, ...]]:
    """Return INSERT … RETURNING as one that also wakes others if it has written a row.

    Where a statement cannot do that, one follows that wakes them anyway.
    """
    if connection.vendor == "postgresql":
        notify = f"pg_notify('{CHANNEL}', '{what}')"
        return (f"WITH written AS ({insertion}) SELECT written.*, {notify} FROM written",)  # noqa: S608
    return insertion, announcement(what)


def change_number() -> int:
    """Return the counter that `announce_change` raises where there is no NOTIFY."""
    rows = rows_of((f"SELECT number FROM {COUNTER_TABLE}", []))  # noqa: S608
    return int(rows[0][0]) if rows else 0
