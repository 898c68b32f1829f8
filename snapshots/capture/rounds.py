"""Take the snapshots of one account, or of all that a user has at a source, in one run."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from snapshots.capture.completeness import record_missed
from snapshots.capture.journal import PLACE, Entry, Noted, append_line
from snapshots.capture.selection import find_account, select_accounts
from snapshots.capture.taking import Captured, capture
from snapshots.figures import plain
from snapshots.models import Account
from snapshots.slots import Slot, SlotKind, slot_of
from snapshots.sources.base import SourceError, SourceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one run is asked for.

    user        name or id
    min_usd     positions worth less are not kept; the total counts them
    account_id  only this account, whatever user and source say
    """

    user: str
    source: str
    min_usd: Decimal
    kind: SlotKind
    account_id: int | None = None


def take_snapshots(ctx: RunContext, request: Request) -> dict[str, Any] | Degraded:
    """Take a snapshot of each account and return them as JSON values.

    An account that fails does not keep the others from theirs: then the run is degraded.
    Raise TaskFailed if there is no account or if none succeeds.
    """
    accounts = _accounts(ctx, request)
    taken: list[Captured] = []
    failures: list[tuple[Account, SourceError]] = []
    for done, account in enumerate(accounts):
        ctx.progress(done, len(accounts), account.name)
        if ctx.should_stop():
            raise TaskFailed(f"Stopped after {done} of {len(accounts)} account(s).")
        captured = _take(ctx, request, account=account, is_only=_is_only(account))
        taken.append(captured)
        if captured.error is not None:
            failures.append((account, captured.error))
    if len(failures) == len(accounts):
        raise _failure(failures)
    ctx.progress(len(accounts), len(accounts), "Done")
    result = _result(request, taken)
    poor = [item for item in taken if _is_poor(item)]
    if not poor:
        return result
    return Degraded(
        result,
        reason=_reason(poor, len(accounts)),
        failed=[_poor(item) for item in poor],
    )


def _accounts(ctx: RunContext, request: Request) -> list[Account]:
    # Without an account there is no zone of its own: the line has the time of the installation.
    zone = ZoneInfo(settings.TIME_ZONE)
    at = _slot(ctx, request, zone=zone).slot_at.astimezone(zone)
    entry = Entry(at=at, kind=request.kind, user=request.user, source=request.source)
    with Noted(entry, Path(settings.DATA_DIR), only_failure=True):
        if request.account_id is not None:
            return [find_account(request.account_id, owner_id=ctx.run.owner_id)]
        return select_accounts(user=request.user, source=request.source, owner_id=ctx.run.owner_id)


def _take(ctx: RunContext, request: Request, *, account: Account, is_only: bool) -> Captured:
    slot = _slot(ctx, request, zone=account.zone)
    entry = Entry(
        at=slot.slot_at.astimezone(account.zone),
        kind=slot.kind,
        user=account.owner.get_username(),
        source=account.source,
        account="" if is_only else account.name,
    )
    captured = capture(account, slot, min_usd=request.min_usd, run_id=ctx.run.id)
    append_line(Path(settings.DATA_DIR) / PLACE, entry.line(_error_of(captured)))
    _log(ctx, captured)
    missed = record_missed(account, until=ctx.scheduled_at)
    if missed:
        ctx.log.warning("%d slot(s) of %s were missed before.", missed, account)
    return captured


def _is_only(account: Account) -> bool:
    others = Account.objects.filter(owner_id=account.owner_id, source=account.source)
    return not others.exclude(pk=account.pk).exists()


def _error_of(captured: Captured) -> str:
    """Return why the slot has no value of its own; empty: it has one."""
    if captured.error is not None:
        return str(captured.error)
    snapshot = captured.snapshot
    return "" if snapshot.is_counted else f"{snapshot.status}: {snapshot.why}"


def _slot(ctx: RunContext, request: Request, *, zone: ZoneInfo) -> Slot:
    return slot_of(ctx.scheduled_at, is_eod=request.kind == "eod", zone=zone)


def _log(ctx: RunContext, captured: Captured) -> None:
    snapshot = captured.snapshot
    if captured.outcome == "kept":
        ctx.log.warning(
            "Kept snapshot %d of %s: it is %s, with data from %s; what was fetched is no better "
            "(%s).",
            snapshot.pk, snapshot.account, snapshot.status, _iso(snapshot.as_of),
            captured.error or captured.shortfall or _iso(captured.as_of),
        )  # fmt: skip
        return
    if snapshot.total_usd is None:
        ctx.log.error("No snapshot of %s: %s", snapshot.account, snapshot.why)
        return
    level = logging.INFO if snapshot.status == "accepted" else logging.WARNING
    ctx.log.log(
        level,
        "Snapshot %d of %s: %s USD in %d position(s), data from %s; hidden: %d below %s USD.%s",
        snapshot.pk, snapshot.account, plain(snapshot.total_usd, 2), snapshot.position_count,
        _iso(snapshot.as_of), snapshot.dust_count, plain(snapshot.min_usd),
        "" if snapshot.status == "accepted" else f" It is {snapshot.status}: {snapshot.why}",
    )  # fmt: skip


def _result(request: Request, taken: list[Captured]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "user": taken[0].snapshot.account.owner.get_username(),
        "source": request.source,
        "kind": request.kind,
        "total_usd": plain(sum((_counted_usd(item) for item in taken), Decimal(0)), 2),
        "positions": sum(item.snapshot.position_count for item in taken),
        "snapshots": [_summary(item, now) for item in taken],
    }


def _counted_usd(captured: Captured) -> Decimal:
    snapshot = captured.snapshot
    return snapshot.total_usd if snapshot.is_counted else Decimal(0)


def _is_poor(captured: Captured) -> bool:
    """Say whether the slot, or the answer that it was not given, is less than accepted."""
    is_accepted = captured.snapshot.status == "accepted"
    return not is_accepted or captured.error is not None or captured.shortfall != ""


def _poor(captured: Captured) -> dict[str, Any]:
    snapshot = captured.snapshot
    return {
        "account": snapshot.account.name,
        "status": snapshot.status,
        "error": _error_of(captured) or captured.shortfall or snapshot.why,
    }


def _reason(poor: list[Captured], accounts: int) -> str:
    said = " ".join(
        f"{item.snapshot.account} is {item.snapshot.status}: {_poor(item)['error']}"
        for item in poor
    )
    return f"{len(poor)} of {accounts} accounts are not as they should be: {said}"


def _summary(captured: Captured, now: datetime) -> dict[str, Any]:
    snapshot = captured.snapshot
    return {
        "account": snapshot.account.name,
        "snapshot_id": snapshot.pk,
        "outcome": captured.outcome,
        "status": snapshot.status,
        "reasons": snapshot.reasons,
        "quality": snapshot.quality and plain(snapshot.quality),
        "confirmed": captured.confirmed,
        "slot_at": snapshot.slot_at,
        "business_date": snapshot.business_date,
        "as_of": snapshot.as_of,
        "age_seconds": snapshot.as_of and round((now - snapshot.as_of).total_seconds()),
        "currency": snapshot.currency,
        "total_value": snapshot.total_value and plain(snapshot.total_value, 2),
        "total_usd": snapshot.total_usd and plain(snapshot.total_usd, 2),
        "positions": snapshot.position_count,
        "dust_count": snapshot.dust_count,
        "dust_value_usd": plain(snapshot.dust_value_usd, 2),
    }


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else "nowhere"


def _failure(failures: list[tuple[Account, SourceError]]) -> TaskFailed:
    may_recover = any(isinstance(exc, SourceUnavailable) for _, exc in failures)
    return TaskFailed(_reasons(failures), permanent=not may_recover)


def _reasons(failures: list[tuple[Account, SourceError]]) -> str:
    return " ".join(f"{account}: {exc}" for account, exc in failures)
