"""Judge suspects again when what they were judged on has changed: flows, or what counts before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from snapshots.capture.guards import Evidence, objections
from snapshots.capture.judging import guard_limits
from snapshots.capture.references import amounts_of, find_changes, find_reference, line_of
from snapshots.models import Account, Snapshot
from snapshots.slots import Slot
from snapshots.sources.trade_table import Movement

# What flows can explain. A missing part, a price or a total of 0 they cannot.
EXPLAINED_BY_FLOWS = {"G2", "G3"}


def judge_again(
    account: Account,
    since: datetime,
    *,
    now: datetime,
    because: str = "the flows known now",
    movements: Sequence[Movement] = (),
) -> list[Snapshot]:
    """Accept the suspects with data from `since` on that pass all guards now, and return them.

    because    what has changed; it is written down with the decision
    movements  of trades that are known now

    The oldest first, for each is compared with what counts before it. All others stay as they
    are, also those whose positions of before are no longer kept.
    """
    reason = f"Judged again with {because}: no guard objects any more."
    explained = []
    suspects = Snapshot.objects.filter(account=account, status="suspect")
    since_then = suspects.filter(as_of__gte=since).order_by("slot_at", "id")
    for pk in list(since_then.values_list("pk", flat=True)):
        with transaction.atomic():
            # What is looked at stays as it is until it is decided.
            Account.objects.take_turns(account.pk)
            snapshot = suspects.filter(pk=pk).first()
            if snapshot is not None and _is_explained(account, snapshot, movements):
                snapshot.explain(reason, now=now)
                explained.append(snapshot)
    return explained


def _is_explained(account: Account, snapshot: Snapshot, movements: Sequence[Movement]) -> bool:
    blocking = {reason["guard"] for reason in snapshot.reasons if reason.get("blocks")}
    if not snapshot.is_complete or not blocking or not blocking <= EXPLAINED_BY_FLOWS:
        return False
    evidence = _evidence(account, snapshot, movements)
    return evidence is not None and not any(item.blocks for item in objections(evidence))


def _evidence(
    account: Account, snapshot: Snapshot, movements: Sequence[Movement]
) -> Evidence | None:
    """Return what the guards look at; None = there is nothing to compare with."""
    slot = Slot(
        kind=snapshot.kind,  # type: ignore[arg-type]
        slot_at=snapshot.slot_at,
        business_date=snapshot.business_date,
    )
    reference, limits, total = find_reference(account, slot), guard_limits(), snapshot.total_value
    if reference is None or total is None or snapshot.as_of is None:
        return None
    reference = reference.compared_with(total, within=limits.vanished)
    if not reference.has_positions:
        return None
    if not snapshot.currency == reference.currency == account.currency:
        return None
    usd_per_unit = snapshot.fx_rate or Decimal(1)
    return Evidence(
        problems=(),
        total=total,
        after=amounts_of([line_of(row) for row in snapshot.positions.all()]),
        before=amounts_of(reference.lines),
        total_before=reference.total,
        changes=find_changes(
            account,
            reference.as_of,
            snapshot.as_of,
            usd_per_unit=usd_per_unit,
            movements=movements,
        ),
        limits=limits,
    )
