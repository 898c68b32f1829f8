"""Outcomes into rows: the end of a run, or its next attempt."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.batches import update_rows
from scheduling.models import Job, Run

RETRYABLE = {Run.Status.FAILED, Run.Status.TIMED_OUT}
BACKOFF_CAP = timedelta(hours=6)
AFTER_LOSS = 2  # attempts that `retry_lost` grants at least: the task has not failed
CLAIM = ("id", "attempt", "worker")
COLUMNS = ("status", "started_at", "finished_at", "result", "error", "traceback")
# The claim must still hold: a run that was declared lost stays lost.
HELD = "scheduling_run.status = 'running'"
UNDISTURBED = f"{HELD} AND scheduling_run.cancel_requested_at IS NULL"


def backoff(run: ClaimedRun, spread: float) -> timedelta:
    """Return the wait before the next attempt: base · 2^(attempt - 1), ± 20 %, at most 6 h.

    spread  0 to 1, so that runs which failed together do not come back together
    With a base of 30 s and no spread: 30, 60, 120, 240 s.
    """
    wait = timedelta(seconds=run.backoff_seconds * 2.0 ** min(run.attempt - 1, 20))
    return min(wait, BACKOFF_CAP) * (0.8 + 0.4 * spread)


def wants_retry(outcome: Outcome) -> bool:
    """Tell whether the run has another attempt after this outcome."""
    run = outcome.run
    if outcome.is_permanent:
        return False
    if outcome.status == Run.Status.LOST:
        return run.retry_lost and run.attempt < max(run.max_attempts, AFTER_LOSS)
    return outcome.status in RETRYABLE and run.attempt < run.max_attempts


def write_outcomes(outcomes: Sequence[Outcome]) -> int:
    """Write how attempts ended, and return how many claims still held."""
    retried = _that_may_retry([outcome for outcome in outcomes if wants_retry(outcome)])
    again = {outcome.run.id for outcome in retried}
    final = [outcome for outcome in outcomes if outcome.run.id not in again]
    notes = _notes([outcome for outcome in outcomes if outcome.reason or outcome.run.id in again])
    # What was said of a run when it was written down stays.
    quiet = [outcome for outcome in final if not outcome.reason and outcome.run.attempt == 1]
    rows = [_final_row(outcome) for outcome in quiet]
    written = update_rows(Run, match=CLAIM, columns=COLUMNS, rows=rows, only=UNDISTURBED)
    if written < len(final):
        rows = [
            (*_final_row(outcome), _with_note(outcome.reason, outcome.run, notes))
            for outcome in final
        ]
        columns = (*COLUMNS, "reason")
        written += update_rows(Run, match=CLAIM, columns=columns, rows=rows, only=HELD)
    return written + sum(_retry(outcome, notes) for outcome in retried)


def _that_may_retry(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Leave out runs that were cancelled, and those whose job was deleted, or paused.

    A pause ends what the clock began. The jobs are locked, so that none is paused meanwhile.
    """
    if not outcomes:
        return []
    jobs = Job.objects.locked().filter(pk__in=[outcome.run.job_id for outcome in outcomes])
    states = dict(jobs.order_by("pk").values_list("pk", "state"))
    runs = Run.objects.filter(pk__in=[outcome.run.id for outcome in outcomes])
    cancelled = set(runs.exclude(cancel_requested_at=None).values_list("pk", flat=True))
    return [
        outcome
        for outcome in outcomes
        if outcome.run.id not in cancelled
        and (state := states.get(outcome.run.job_id or 0)) is not None
        and (state != Job.State.PAUSED or outcome.run.origin != Run.Origin.SCHEDULE)
    ]


def _notes(outcomes: Sequence[Outcome]) -> dict[int, str]:
    """Return what was said of first attempts when their runs were written down."""
    first = [outcome.run.id for outcome in outcomes if outcome.run.attempt == 1]
    if not first:
        return {}
    runs = Run.objects.filter(pk__in=first, cancel_requested_at=None).order_by()
    return dict(runs.values_list("pk", "reason"))


def _with_note(reason: str, run: ClaimedRun, notes: Mapping[int, str]) -> str:
    """Put before `reason` what was said of the run when it was written down."""
    note = run.errors[0].get("note", "") if run.errors else notes.get(run.id, "")
    return f"{note} {reason}".strip()


def _final_row(outcome: Outcome) -> tuple[Any, ...]:
    run = outcome.run
    return (
        run.id, run.attempt, run.worker_id,
        outcome.status, outcome.started_at, outcome.finished_at,
        outcome.result, outcome.error, outcome.traceback,
    )  # fmt: skip


def _retry(outcome: Outcome, notes: Mapping[int, str]) -> int:
    run = outcome.run
    due_at = outcome.finished_at + backoff(run, random.random())  # noqa: S311
    said = outcome.error or outcome.reason
    failure = f"Attempt {run.attempt} of {run.max_attempts} {_word(outcome.status)}: {said}"
    return Run.objects.filter(
        pk=run.id, attempt=run.attempt, worker_id=run.worker_id, status=Run.Status.RUNNING
    ).update(
        status=Run.Status.PENDING,
        reason=_with_note(failure, run, notes),
        due_at=due_at,
        expires_at=None,
        started_at=None,  # its times are kept with the errors
        worker=None,
        error=outcome.error,
        traceback=outcome.traceback,
        errors=[*run.errors, _past_attempt(outcome, notes.get(run.id, ""))],
    )


def _past_attempt(outcome: Outcome, note: str) -> dict[str, Any]:
    return {
        "attempt": outcome.run.attempt,
        "status": outcome.status,
        "started_at": _iso(outcome.started_at),
        "finished_at": _iso(outcome.finished_at),
        "error": outcome.error or outcome.reason,
        **({"note": note} if note else {}),
    }


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _word(status: str) -> str:
    return Run.Status(status).label.lower()
