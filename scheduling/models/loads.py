"""How many runs of a job have not ended: what the overlap policies ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduling.admission import Load
from scheduling.sql import Row, Statement, places, rows_of

OPEN = "status IN ('pending', 'running')"
HELD = "status = 'pending' AND due_at IS NULL"  # as Run.objects.held()
WAITING = f"count(*) FILTER (WHERE {HELD})"


def loads(job_ids: Sequence[int]) -> dict[int, Load]:
    """Return the open runs of each job, counted; jobs without any are left out."""
    return as_loads(rows_of(counting(job_ids))) if job_ids else {}


def counting(job_ids: Sequence[int]) -> Statement:
    """Return the statement that counts the open runs of these jobs: id, waiting, all."""
    return (
        f"SELECT job_id, {WAITING}, count(*) FROM scheduling_run WHERE {OPEN} "  # noqa: S608
        f"AND job_id IN ({places(job_ids)}) GROUP BY job_id",
        job_ids,
    )


def as_loads(rows: Iterable[Row]) -> dict[int, Load]:
    return {
        job_id: Load(active=total - waiting, waiting=waiting) for job_id, waiting, total in rows
    }
