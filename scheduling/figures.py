"""What the database says of workers, jobs and runs, all at one instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, Sum

from scheduling.models import Job, Run, Worker
from scheduling.options import Options
from scheduling.reading import at_one_instant
from scheduling.tallies import Totals, totals_by_job

# Each part of them is what an index holds. By the status alone SQLite may read all runs.
OPEN_RUNS: dict[str, Sequence[Q]] = {
    Run.Status.PENDING: (Q(due_at__isnull=False), Q(due_at=None)),
    Run.Status.RUNNING: (Q(worker__isnull=False),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The state of an installation."""

    workers_alive: int
    workers_in_trouble: int
    capacity: int  # runs at once
    database_errors: dict[str, int]  # by the name of a living worker
    tick_age: float | None  # s; None if no scheduler has ever ticked
    jobs: dict[str, int]  # by state
    job_keys: list[str]
    ended: dict[str, Totals]  # by the key of the job, deleted ones included
    open: dict[str, Counter[str]]  # status -> key of the job -> runs
    pending_age: float  # s that the run waits which might have started first


def read_figures(now: datetime) -> Figures:
    """Read it all in one transaction, so that no run is in two places."""
    with at_one_instant():
        alive = Worker.objects.alive(now, timedelta(seconds=Options().lease)).order_by("started_at")
        troubled = Count("pk", filter=~Q(trouble=""))
        sums = alive.aggregate(count=Count("pk"), capacity=Sum("capacity"), troubled=troubled)
        states = Job.objects.order_by().values_list("state").annotate(Count("pk"))
        due_at = Run.objects.claimable(now).values_list("due_at", flat=True).first()
        return Figures(
            workers_alive=sums["count"],
            workers_in_trouble=sums["troubled"],
            capacity=sums["capacity"] or 0,
            # One that was killed may have left its name, host and process id, to its successor.
            database_errors=dict(alive.values_list("name", "database_errors")),
            tick_age=_age(Worker.objects.schedulers().aggregate(at=Max("last_tick_at"))["at"], now),
            jobs=dict.fromkeys(Job.State.values, 0) | dict(states),
            job_keys=list(Job.objects.order_by("key").values_list("key", flat=True)),
            ended=totals_by_job(),
            open={status: _count(status, parts) for status, parts in OPEN_RUNS.items()},
            pending_age=_age(due_at, now) or 0.0,
        )


def _count(status: str, parts: Sequence[Q]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in parts:
        rows = Run.objects.filter(part, status=status).order_by().values_list("job_key")
        counts.update(dict(rows.annotate(Count("pk"))))
    return counts


def _age(instant: datetime | None, now: datetime) -> float | None:
    return None if instant is None else max((now - instant).total_seconds(), 0.0)
