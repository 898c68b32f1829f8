"""Taking runs: a run belongs to the worker whose conditional update won."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from scheduling.attempts.claimed import ClaimedRun
from scheduling.models import Run

COLUMNS = (
    "id", "job_id", "job_key", "task", "params", "origin", "attempt", "scheduled_at",
    "owner_id", "requested_by_id", "timeout_seconds", "max_attempts", "backoff_seconds",
    "retry_lost", "errors",
)  # fmt: skip


def claim_due(
    *, worker_id: int, tasks: Sequence[str], limit: int, now: datetime
) -> list[ClaimedRun]:
    """Claim at most `limit` runs of these tasks that may start, the longest due first.

    Runs that another worker is claiming are left to it.
    """
    due = Run.objects.claimable(now).filter(task__in=tasks)
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True).values(*COLUMNS)[:limit])
        if rows:
            _take(worker_id, [row["id"] for row in rows], now)
    return [_claimed(row, worker_id) for row in rows]


def claim_one(run_id: int, *, worker_id: int, now: datetime) -> ClaimedRun | None:
    """Claim this run, due or not; return None if it is not pending (any more)."""
    pending = Run.objects.filter(pk=run_id, status=Run.Status.PENDING)
    with transaction.atomic():
        row = pending.select_for_update().values(*COLUMNS).first()
        if row is not None:
            _take(worker_id, [run_id], now)
    return None if row is None else _claimed(row, worker_id)


def next_due_at(tasks: Sequence[str], now: datetime) -> datetime | None:
    """Return when the next pending run of these tasks may start, None if none waits."""
    waiting = Run.objects.filter(status=Run.Status.PENDING, task__in=tasks, due_at__gt=now)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def _take(worker_id: int, run_ids: list[int], now: datetime) -> None:
    Run.objects.filter(pk__in=run_ids).update(
        status=Run.Status.RUNNING,
        worker_id=worker_id,
        attempt=F("attempt") + 1,
        started_at=now,
        progress=None,
    )


def _claimed(row: dict[str, object], worker_id: int) -> ClaimedRun:
    attempt = int(str(row["attempt"])) + 1
    return ClaimedRun(**{**row, "worker_id": worker_id, "attempt": attempt})  # type: ignore[arg-type]
