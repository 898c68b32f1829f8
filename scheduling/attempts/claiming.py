"""Taking runs: a run belongs to the worker whose conditional update won."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from scheduling.attempts.claimed import COLUMNS, ClaimedRun
from scheduling.models import Run


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
    return [_next_attempt(row, worker_id) for row in rows]


def claim_one(run_id: int, *, worker_id: int, now: datetime) -> ClaimedRun | None:
    """Claim this run, due or not; return None if it is not pending (any more)."""
    pending = Run.objects.filter(pk=run_id, status=Run.Status.PENDING)
    with transaction.atomic():
        row = pending.select_for_update().values(*COLUMNS).first()
        if row is not None:
            _take(worker_id, [run_id], now)
    return None if row is None else _next_attempt(row, worker_id)


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


def _next_attempt(row: dict[str, Any], worker_id: int) -> ClaimedRun:
    return ClaimedRun.of({**row, "attempt": row["attempt"] + 1}, worker_id=worker_id)
