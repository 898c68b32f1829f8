"""Taking runs: a run belongs to the worker whose conditional update won.

Written out, for a worker looks whenever something has changed: see scheduling.sql.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from scheduling.attempts.claimed import COLUMNS, ClaimedRun
from scheduling.columns import columns_of, instant
from scheduling.models import Run
from scheduling.sql import Row, Statement, places, row_lock, transaction_of

PENDING = "status = 'pending'"
# One that was cancelled on its way back from a worker is ended by the sweeper.
MAY_START = (
    f"{PENDING} AND due_at <= %s AND (expires_at IS NULL OR expires_at >= %s) "
    "AND cancel_requested_at IS NULL"
)
RETURNED = ("due_at", *COLUMNS)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a worker found at one look.

    stops        reasons of the runs of this worker that shall stop, by id
    claims       runs that are now this worker's, by isolation
    next_due_at  when the next pending run may start, None if none waits
    """

    stops: dict[int, str]
    claims: dict[str, list[ClaimedRun]]
    next_due_at: datetime | None


def look(
    *, worker_id: int, tasks: Mapping[str, Sequence[str]], rooms: Mapping[str, int], now: datetime
) -> Findings:
    """Claim what may start and hear what shall stop, in one round trip where the database can.

    tasks  names by isolation
    rooms  how many runs of them to claim at most, by isolation; left out: none
    """
    claims = [
        _claiming(worker_id, tasks[isolation], room, now) for isolation, room in rooms.items()
    ]
    names = [name for some in tasks.values() for name in some]
    stops, coming, *claimed = transaction_of(_stopping(worker_id), _coming(names, now), *claims)
    return Findings(
        stops=dict(stops),
        claims={
            isolation: _claimed(rows, worker_id, now)
            for isolation, rows in zip(rooms, claimed, strict=True)
        },
        next_due_at=_first_instant(coming),
    )


def claim_due(
    *, worker_id: int, tasks: Sequence[str], limit: int, now: datetime
) -> list[ClaimedRun]:
    """Claim at most `limit` runs of these tasks that may start, the longest due first.

    Runs that another worker is claiming are left to it.
    """
    (rows,) = transaction_of(_claiming(worker_id, tasks, limit, now))
    return _claimed(rows, worker_id, now)


def claim_one(run_id: int, *, worker_id: int, now: datetime) -> ClaimedRun | None:
    """Claim this run, due or not; return None if it is not pending (any more)."""
    statement = _taking(f"id = %s AND {PENDING}", [run_id], "", worker_id, now)
    taken = _claimed(transaction_of(statement)[0], worker_id, now)
    return taken[0] if taken else None


def give_back(runs: Sequence[ClaimedRun], *, worker_id: int) -> int:
    """Let others claim runs that this worker has claimed and not begun."""
    return Run.objects.filter(
        pk__in=[run.id for run in runs], worker_id=worker_id, status=Run.Status.RUNNING
    ).update(status=Run.Status.PENDING, worker_id=None, attempt=F("attempt") - 1, started_at=None)


def _claiming(worker_id: int, tasks: Sequence[str], limit: int, now: datetime) -> Statement:
    condition = f"{MAY_START} AND task IN ({places(tasks)}) ORDER BY due_at, id LIMIT {limit:d}"
    at = instant(now)
    return _taking(condition, [at, at, *tasks], " SKIP LOCKED", worker_id, now)


def _taking(
    condition: str, parameters: Sequence[Any], locking: str, worker_id: int, now: datetime
) -> Statement:
    lock = row_lock(f"UPDATE{locking}")
    returned = ", ".join(f"scheduling_run.{name}" for name in columns_of(Run, *RETURNED).names)
    return (
        f"WITH chosen AS (SELECT id FROM scheduling_run WHERE {condition}{lock}) "  # noqa: S608
        "UPDATE scheduling_run SET status = 'running', worker_id = %s, started_at = %s, "
        "progress = NULL, attempt = scheduling_run.attempt + 1 "
        f"FROM chosen WHERE scheduling_run.id = chosen.id RETURNING {returned}",
        [*parameters, worker_id, instant(now)],
    )


def _stopping(worker_id: int) -> Statement:
    return (
        "SELECT id, reason FROM scheduling_run WHERE worker_id = %s AND status = 'running' "
        "AND cancel_requested_at IS NOT NULL",
        [worker_id],
    )


def _coming(tasks: Sequence[str], now: datetime) -> Statement:
    return (
        f"SELECT due_at FROM scheduling_run WHERE {PENDING} AND due_at > %s "  # noqa: S608
        f"AND task IN ({places(tasks)}) ORDER BY due_at LIMIT 1",
        [instant(now), *tasks],
    )


def _claimed(rows: Sequence[Row], worker_id: int, now: datetime) -> list[ClaimedRun]:
    found = columns_of(Run, *RETURNED).records(rows)
    found.sort(key=lambda record: (record["due_at"] or now, record["id"]))
    return [ClaimedRun.of(record, worker_id=worker_id) for record in found]


def _first_instant(rows: Sequence[Row]) -> datetime | None:
    first: datetime | None = columns_of(Run, "due_at").records(rows)[0]["due_at"] if rows else None
    return first
