"""Backfill the accounts of one run, and say what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from snapshots.capture.selection import accounts_with_a_past
from snapshots.intake.backfill import Backfilled, Order, backfill
from snapshots.intake.flow_import import some
from snapshots.intake.past import NoSuchDays, days_over
from snapshots.models import Account
from snapshots.sources.base import SourceError, SourceUnavailable

BY_HAND = (
    "It is asked for by hand, with manage.py backfill_snapshots. Resume it to have what sources "
    "tell of the past fill gaps each night."
)


def why_not() -> str:
    """Return why the job starts paused."""
    return BY_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one run is asked for.

    user         name or id; empty = whoever the owner of the job may see
    account_id   only this one
    first, last  days, both included; None = a year, until yesterday
    """

    user: str = ""
    account_id: int | None = None
    first: date | None = None
    last: date | None = None
    is_dry_run: bool = False


def backfill_accounts(ctx: RunContext, request: Request) -> dict[str, Any] | Degraded:
    """Backfill each account and return the counts as JSON values.

    An account that fails does not keep the others from theirs: then the run is degraded.
    Raise TaskFailed if there is no account, or if none succeeds.
    """
    accounts = accounts_with_a_past(
        user=request.user, account_id=request.account_id, owner_id=ctx.run.owner_id
    )
    done: list[Backfilled] = []
    failures: list[tuple[Account, SourceError]] = []
    for number, account in enumerate(accounts):
        ctx.progress(number, len(accounts), account.name)
        try:
            done.append(_backfill(ctx, request, account))
        except SourceError as exc:
            ctx.log.error("%s was not backfilled: %s", account, exc)
            failures.append((account, exc))
        if ctx.should_stop():
            raise TaskFailed("Stopped. What was written stays; the next run writes the rest.")
    if len(failures) == len(accounts):
        raise _failure(failures)
    result = _result(request, done)
    if not failures:
        return result
    count = f"{len(failures)} of {len(accounts)} accounts were"
    return Degraded(
        result,
        reason=f"{count} not backfilled: {_said(failures)}",
        failed=[{"account": str(account), "error": str(exc)} for account, exc in failures],
    )


def _backfill(ctx: RunContext, request: Request, account: Account) -> Backfilled:
    try:
        days = days_over(request.first, request.last, zone=account.zone, now=ctx.scheduled_at)
    except NoSuchDays as exc:
        raise TaskFailed(str(exc), permanent=True) from exc
    order = Order(
        now=ctx.scheduled_at,
        run_id=ctx.run.id,
        is_dry_run=request.is_dry_run,
        should_stop=ctx.should_stop,
    )
    found = backfill(account, days, order)
    ctx.log.info(
        "%s: %d end(s) of a day %s, %d unchanged, of %s to %s.",
        account, found.written, "to be written" if request.is_dry_run else "written",
        found.unchanged, days.first, days.last,
    )  # fmt: skip
    for note in notes_of(found):
        ctx.log.warning("%s", note)
    return found


def notes_of(found: Backfilled) -> list[str]:
    """Return what there is to do, in words."""
    notes = []
    if found.without_rate:
        notes.append(
            f"{found.account}: {len(found.without_rate)} day(s) from {found.without_rate[0]} to "
            f"{found.without_rate[-1]} have no rate of {found.account.currency}. Import them with "
            "manage.py import_rates, and backfill again."
        )
    if found.left["suspect"]:
        notes.append(
            f"{found.account}: {found.left['suspect']} end(s) of a day are suspect: accept, reject "
            "or edit them in the admin."
        )
    if found.flows is not None:
        notes += [
            f"{found.account}: {why}: {some(texts, '; ')}."
            for why, texts in (
                ("flows that are entered otherwise, and left so", found.flows.unlike),
                ("flows that could not be kept", found.flows.refused),
            )
            if texts
        ]
    if found.explained:
        notes.append(f"{found.account}: new flows explain {found.explained} suspects: accepted.")
    if found.leaves_a_gap:
        notes.append(
            f"{found.account}: between these days and those whose flows were known are others. "
            "Backfill them, too."
        )
    return notes


def _result(request: Request, done: Sequence[Backfilled]) -> dict[str, Any]:
    left: Counter[str] = Counter()
    for found in done:
        left += _left(found)
    return {
        "dry_run": request.is_dry_run,
        "written": sum(found.written for found in done),
        "unchanged": sum(found.unchanged for found in done),
        "left": dict(left),
        "accounts": [_summary(found) for found in done],
    }


def _summary(found: Backfilled) -> dict[str, Any]:
    flows = found.flows
    return {
        "account_id": found.account.pk,
        "account": str(found.account),
        "from": found.days.first,
        "to": found.days.last,
        "written": found.written,
        "unchanged": found.unchanged,
        "replaced": dict(found.replaced),
        "left": dict(_left(found)),
        "flows": flows and {"added": flows.added, "known": flows.known},
        "notes": notes_of(found),
    }


def _left(found: Backfilled) -> Counter[str]:
    """Return how many days were left alone, by the reason."""
    counts = Counter(found.left)
    counts["without a rate"] = len(found.without_rate)
    counts["worth 0 or less"] = found.worthless
    counts["not told"] = found.untold
    return +counts


def _failure(failures: Sequence[tuple[Account, SourceError]]) -> TaskFailed:
    may_recover = any(isinstance(exc, SourceUnavailable) for _, exc in failures)
    return TaskFailed(_said(failures), permanent=not may_recover)


def _said(failures: Sequence[tuple[Account, SourceError]]) -> str:
    return " ".join(f"{account}: {exc}" for account, exc in failures)
