"""Write a snapshot into its slot, unless what is there is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import transaction

from snapshots.figures import plain
from snapshots.models import Account, Snapshot, SnapshotPart, SnapshotPosition, SnapshotRevision
from snapshots.models.reviewing import rate_columns
from snapshots.slots import Slot
from snapshots.valuing.valuation import Valuation, ValuedLine, ValuedPiece
from snapshots.valuing.whole import Piece

BATCH = 500  # positions written with one statement
MAX_ERROR = 1000
# The better, the higher; what a person decided about is never replaced.
RANK = {
    "missed": 0, "failed": 1, "suspect": 2, "carried": 3, "backfilled": 4, "accepted": 5,
    "manual": 6,
}  # fmt: skip

Outcome = Literal["created", "replaced", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A snapshot before it is written.

    valuation  None = it has no value: it failed or was missed
    pieces     of one without a valuation
    as_of      of its oldest part
    reasons    why it has its status: {"guard": "G2", "says": "…"}
    """

    status: str
    is_complete: bool
    currency: str
    valuation: Valuation | None = None
    pieces: tuple[Piece, ...] = ()
    as_of: datetime | None = None
    fetched_at: datetime | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    run_id: int | None = None


def store(account: Account, slot: Slot, draft: Draft, *, now: datetime) -> tuple[Snapshot, Outcome]:
    """Write `draft` into the slot; what it replaces becomes a revision."""
    with transaction.atomic():
        # Whoever takes the same snapshot at the same time waits here, and then finds this one.
        Account.objects.take_turns(account.pk)
        before = Snapshot.objects.in_slot(account, slot).first()
        if before is not None and not is_better(draft, before):
            return before, "kept"
        if before is not None and _says_something_else(draft, before):
            SnapshotRevision.objects.keep(before, now=now)
        snapshot = before or Snapshot(account=account)
        _fill(snapshot, slot, draft)
        snapshot.save()
        if before is not None:
            SnapshotPosition.objects.filter(snapshot=snapshot).delete()
            SnapshotPart.objects.filter(snapshot=snapshot).delete()
        _write_belongings(snapshot, draft)
        return snapshot, "replaced" if before else "created"


def store_new(account: Account, drafts: Iterable[tuple[Slot, Draft]]) -> None:
    """Write drafts without positions into slots that have nothing; the account is locked."""
    rows = []
    for slot, draft in drafts:
        snapshot = Snapshot(account=account)
        _fill(snapshot, slot, draft)
        rows.append(snapshot)
    Snapshot.objects.bulk_create(rows, batch_size=BATCH)


def is_better(draft: Draft, before: Snapshot) -> bool:
    """Tell whether a draft may take the place of what is in its slot.

    Of two of one status the one with newer data is; of two carried ones with data as old, the one
    of which more is fresh.
    """
    if before.reviewed_at is not None:
        return False
    rank, rank_before = RANK[draft.status], RANK[before.status]
    if rank != rank_before:
        return rank > rank_before
    if draft.as_of is None or before.as_of is None:
        return before.as_of is None
    if draft.as_of != before.as_of:
        return draft.as_of > before.as_of
    return draft.status != "carried" or _quality(draft) >= (before.quality or 0)


def _quality(draft: Draft) -> Decimal:
    found = draft.valuation.quality if draft.valuation else None
    return found or Decimal(0)


def _says_something_else(draft: Draft, before: Snapshot) -> bool:
    total = draft.valuation.total_value if draft.valuation else None
    return (draft.status, draft.as_of, total) != (
        before.status, before.as_of, before.total_value
    )  # fmt: skip


def _fill(snapshot: Snapshot, slot: Slot, draft: Draft) -> None:
    values: dict[str, Any] = {
        "kind": slot.kind,
        "slot_at": slot.slot_at,
        "business_date": slot.business_date,
        "status": draft.status,
        "reasons": draft.reasons,
        "as_of": draft.as_of,
        "fetched_at": draft.fetched_at,
        "is_complete": draft.is_complete,
        "currency": draft.currency,
        "run_id": draft.run_id,
        **_figures(draft.valuation),
    }
    for name, value in values.items():
        setattr(snapshot, name, value)


def _figures(valuation: Valuation | None) -> dict[str, Any]:
    if valuation is None:
        return {}
    return {
        "quality": valuation.quality,
        "total_value": valuation.total_value,
        "sums": {kind: plain(value) for kind, value in valuation.sums.items()},
        "total_usd": valuation.total_usd,
        "total_reporting": valuation.total_reporting,
        **rate_columns(valuation.rates),
        "min_usd": valuation.min_usd,
        "position_count": len(valuation.lines),
        "dust_count": valuation.dust_count,
        "dust_value_usd": valuation.dust_value_usd,
    }


def _write_belongings(snapshot: Snapshot, draft: Draft) -> None:
    if draft.valuation is None:
        parts = [SnapshotPart(snapshot=snapshot, **_part(piece)) for piece in draft.pieces]
    else:
        parts = [_valued_part(snapshot, piece) for piece in draft.valuation.pieces]
        rows = [_row_of(snapshot, valued) for valued in draft.valuation.lines]
        SnapshotPosition.objects.bulk_create(rows, batch_size=BATCH)
    SnapshotPart.objects.bulk_create(parts, batch_size=BATCH)


def _part(piece: Piece) -> dict[str, Any]:
    return {
        "name": piece.name,
        "is_ok": piece.is_ok,
        "error": piece.error[:MAX_ERROR],
        "as_of": piece.as_of,
        "carried_from_at": piece.carried_from_at,
        "value": piece.value,
    }


def _valued_part(snapshot: Snapshot, valued: ValuedPiece) -> SnapshotPart:
    values = _part(valued.piece) | {
        "value": valued.value,
        "value_usd": valued.value_usd,
        "dust_count": valued.dust_count,
        "dust_value": valued.dust_value,
    }
    return SnapshotPart(snapshot=snapshot, **values)


def _row_of(snapshot: Snapshot, valued: ValuedLine) -> SnapshotPosition:
    position = valued.line.position
    return SnapshotPosition(
        snapshot=snapshot,
        ticker=position.ticker,
        name=position.name,
        kind=position.kind,
        location=position.location,
        part=position.part,
        is_carried=valued.line.is_carried,
        amount=position.amount,
        price=position.price,
        priced_at=position.priced_at,
        native_currency=position.native_currency,
        native_price=position.native_price,
        cost=position.cost,
        value=valued.value,
        value_usd=valued.value_usd,
    )
