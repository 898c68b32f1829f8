"""Take the snapshots of all accounts that a user has at a source, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from snapshots.capture import Captured, capture
from snapshots.figures import plain
from snapshots.journal import Entry, Noted
from snapshots.models import Account
from snapshots.selection import select_accounts
from snapshots.slots import Slot, SlotKind, slot_of
from snapshots.sources.base import SourceError, SourceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one run is asked for.

    user     name or id
    min_usd  positions worth less are not kept; the total counts them
    """

    user: str
    source: str
    min_usd: Decimal
    kind: SlotKind


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
        try:
            taken.append(_take(ctx, request, account=account, is_only=len(accounts) == 1))
        except SourceError as exc:
            ctx.log.error("No snapshot of %s: %s", account, exc)
            failures.append((account, exc))
    if not taken:
        raise _failure(failures)
    ctx.progress(len(accounts), len(accounts), "Done")
    result = _result(request, taken)
    if not failures:
        return result
    return Degraded(
        result,
        reason=f"{len(failures)} of {len(accounts)} accounts failed: {_reasons(failures)}",
        failed=[{"account": account.name, "error": str(exc)} for account, exc in failures],
    )


def _accounts(ctx: RunContext, request: Request) -> list[Account]:
    # Without an account there is no zone of its own: the line has the time of the installation.
    zone = ZoneInfo(settings.TIME_ZONE)
    at = _slot(ctx, request, zone=zone).slot_at.astimezone(zone)
    entry = Entry(at=at, kind=request.kind, user=request.user, source=request.source)
    with Noted(entry, Path(settings.DATA_DIR), only_failure=True):
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
    with Noted(entry, Path(settings.DATA_DIR)):
        captured = capture(account, slot, min_usd=request.min_usd, run_id=ctx.run.id)
    _log(ctx, captured)
    return captured


def _slot(ctx: RunContext, request: Request, *, zone: ZoneInfo) -> Slot:
    return slot_of(ctx.scheduled_at, is_eod=request.kind == "eod", zone=zone)


def _log(ctx: RunContext, captured: Captured) -> None:
    snapshot = captured.snapshot
    if captured.outcome == "kept":
        ctx.log.warning(
            "Kept snapshot %d of %s: its data is from %s, newer than what was fetched (%s).",
            snapshot.pk, snapshot.account, _iso(snapshot.as_of), captured.as_of.isoformat(),
        )  # fmt: skip
        return
    ctx.log.info(
        "Snapshot %d of %s: %s USD in %d position(s), data from %s; hidden: %d below %s USD.",
        snapshot.pk, snapshot.account, plain(snapshot.total_usd, 2), snapshot.position_count,
        _iso(snapshot.as_of), snapshot.dust_count, plain(snapshot.min_usd),
    )  # fmt: skip


def _result(request: Request, taken: list[Captured]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "user": taken[0].snapshot.account.owner.get_username(),
        "source": request.source,
        "kind": request.kind,
        "total_usd": plain(sum((item.snapshot.total_usd for item in taken), Decimal(0)), 2),
        "positions": sum(item.snapshot.position_count for item in taken),
        "snapshots": [_summary(item, now) for item in taken],
    }


def _summary(captured: Captured, now: datetime) -> dict[str, Any]:
    snapshot = captured.snapshot
    return {
        "account": snapshot.account.name,
        "snapshot_id": snapshot.pk,
        "outcome": captured.outcome,
        "slot_at": snapshot.slot_at,
        "business_date": snapshot.business_date,
        "as_of": snapshot.as_of,
        "age_seconds": snapshot.as_of and round((now - snapshot.as_of).total_seconds()),
        "currency": snapshot.currency,
        "total_value": plain(snapshot.total_value, 2),
        "total_usd": plain(snapshot.total_usd, 2),
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
