"""Taking runs: a run belongs to the worker whose conditional update won."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from scheduling.attempts.claimed import COLUMNS, ClaimedRun
from scheduling.batches import update_returning
from scheduling.models import Run
from scheduling.models.run import RunQuerySet


def claim_due(
    *, worker_id: int, tasks: Sequence[str], limit: int, now: datetime
) -> list[ClaimedRun]:
    """Claim at most `limit` runs of these tasks that may start, the longest due first.

    Runs that another worker is claiming are left to it.
    """
    due = Run.objects.claimable(now).filter(task__in=tasks)
    with transaction.atomic():
        return _take(due.select_for_update(skip_locked=True)[:limit], worker_id, now)


def claim_one(run_id: int, *, worker_id: int, now: datetime) -> ClaimedRun | None:
    """Claim this run, due or not; return None if it is not pending (any more)."""
    pending = Run.objects.filter(pk=run_id, status=Run.Status.PENDING)
    with transaction.atomic():
        taken = _take(pending.order_by().select_for_update(), worker_id, now)
    return taken[0] if taken else None


def give_back(runs: Sequence[ClaimedRun], *, worker_id: int) -> int:
    """Let others claim runs that this worker has claimed and not begun."""
    return Run.objects.filter(
        pk__in=[run.id for run in runs], worker_id=worker_id, status=Run.Status.RUNNING
    ).update(status=Run.Status.PENDING, worker_id=None, attempt=F("attempt") - 1, started_at=None)


def next_due_at(tasks: Sequence[str], now: datetime) -> datetime | None:
    """Return when the next pending run of these tasks may start, None if none waits."""
    waiting = Run.objects.filter(status=Run.Status.PENDING, task__in=tasks, due_at__gt=now)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def _take(runs: RunQuerySet, worker_id: int, now: datetime) -> list[ClaimedRun]:
    rows = update_returning(
        runs,
        assign="status = 'running', worker_id = %s, started_at = %s, progress = NULL, "
        "attempt = scheduling_run.attempt + 1",
        values=[("worker", worker_id), ("started_at", now)],
        columns=("due_at", *COLUMNS),
    )
    rows.sort(key=lambda row: (row["due_at"] or now, row["id"]))
    return [ClaimedRun.of(row, worker_id=worker_id) for row in rows]
