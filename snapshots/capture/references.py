"""What a new snapshot of an account is compared with, and carried from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from prices.models import LastPrice
from snapshots.capture.guards import Amount, Changes
from snapshots.models import Account, Flow, Snapshot, SnapshotPosition
from snapshots.slots import Slot
from snapshots.sources.base import Position
from snapshots.sources.trade_table import Movement
from snapshots.valuing.rates import USD, Rates, UsdRate
from snapshots.valuing.whole import Line, Piece, Reference, price_of

STEPS = 96  # earlier changes that say what is usual: a day and a half
QUOTED_IN = (USD, "USDT", "USDC")


def find_reference(account: Account, slot: Slot) -> Reference | None:
    """Return what counts in this slot already, or in the last one before; None = nothing yet.

    What is backfilled has no positions: beside it half an answer would look whole.
    """
    counted = Snapshot.objects.comparable()
    found = counted.in_slot(account, slot).first() if slot.kind == "eod" else None
    # No end of a day is at the start of a quarter: up to there is this slot, or those before it.
    found = found or counted.up_to(account, slot.slot_at).first()
    if found is None:
        return None
    earlier = None
    if found.status == "manual" and found.total_value:
        earlier = counted.exclude(status="manual").before(account, found.slot_at).first()
    return _as_reference(found, earlier=_as_reference(earlier) if earlier else None)


def _as_reference(found: Snapshot, *, earlier: Reference | None = None) -> Reference | None:
    if found.total_value is None or found.as_of is None:
        return None
    rows = list(found.positions.all())
    return Reference(
        slot_at=found.slot_at,
        as_of=found.as_of,
        currency=found.currency,
        total=found.total_value,
        pieces=_pieces_of(found, rows),
        rates=_rates_of(found),
        # What somebody said instead of the positions has none to compare or carry.
        has_positions=found.status != "manual" and (bool(rows) or found.position_count == 0),
        earlier=earlier,
    )


def last_counted(account: Account, slot_at: datetime) -> Snapshot | None:
    """Return the last snapshot before `slot_at` that counts and was taken, of either kind."""
    return Snapshot.objects.comparable().before(account, slot_at).first()


def find_changes(
    account: Account,
    after: datetime,
    until: datetime,
    *,
    usd_per_unit: Decimal,
    movements: Iterable[Movement] = (),
) -> Changes:
    """Return what came in and left in (after, until], as far as flows tell.

    usd_per_unit  of the account's currency, for flows in another one
    movements     what trades did, if somebody knows: they are not kept

    Else what appears beside what vanished speaks for trades inside the account.
    """
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    for movement in movements:
        if after < movement.at <= until:
            quantities[movement.ticker] += movement.units
    net = Decimal(0)
    for flow in Flow.objects.filter(account=account).within(after, until):
        if flow.ticker and flow.quantity is not None:
            quantities[flow.ticker] += flow.quantity
        elif flow.currency == account.currency:
            net += flow.amount
        else:
            net += flow.amount_usd / usd_per_unit
    return Changes(net_flow=net, quantities=quantities)


def find_steps(account: Account, slot_at: datetime) -> list[float]:
    """Return the last changes of the account's total from slot to slot, as fractions."""
    rows = Snapshot.objects.counted().before(account, slot_at).filter(kind="intraday")
    found = rows.values_list("total_value", flat=True)[: STEPS + 1]
    totals = [float(total) for total in found if total is not None]
    return [later / earlier - 1 for later, earlier in pairwise(totals) if earlier]


def find_quotes(
    tickers: Sequence[str], *, usd_per_unit: Decimal, since: datetime
) -> dict[str, Decimal]:
    """Return prices of coins that an exchange of ours says, in a currency of so many USD."""
    rows = LastPrice.objects.filter(
        instrument__base_currency__in=tickers,
        instrument__quote_currency__in=QUOTED_IN,
        fetched_at__gte=since,
    ).order_by("fetched_at")
    known = rows.values_list("instrument__base_currency", "price")
    return {ticker: price / usd_per_unit for ticker, price in known}


def amounts_of(lines: Sequence[Line]) -> list[Amount]:
    """Return positions as the guards look at them."""
    return [
        Amount(
            ticker=line.position.ticker,
            quantity=line.position.amount,
            price=price_of(line.position),
            location=line.position.location,
            part=line.position.part,
        )
        for line in lines
    ]


def _rates_of(snapshot: Snapshot) -> Rates:
    return Rates(
        to_usd=_rate(snapshot.fx_rate, snapshot.fx_at, snapshot.fx_source),
        reporting_currency=snapshot.reporting_currency,
        to_reporting=_rate(
            snapshot.reporting_rate, snapshot.reporting_at, snapshot.reporting_source
        ),
    )


def _rate(rate: Decimal | None, at: datetime | None, source: str) -> UsdRate | None:
    return UsdRate(rate=rate, at=at, source=source) if rate is not None and at else None


def _pieces_of(snapshot: Snapshot, rows: Sequence[SnapshotPosition]) -> dict[str, Piece]:
    lines: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        lines[row.part].append(line_of(row))
    pieces = {
        part.name: Piece(
            name=part.name,
            as_of=part.as_of,
            lines=tuple(lines[part.name]),
            dust_count=part.dust_count,
            dust_value=part.dust_value,
            carried_from_at=part.carried_from_at,
        )
        for part in snapshot.parts.all()
        if part.value is not None
    }
    if pieces or not rows:
        return pieces
    return {"": Piece(name="", as_of=snapshot.as_of, lines=tuple(lines[""]))}  # from before parts


def line_of(row: SnapshotPosition) -> Line:
    """Return a position as it entered its snapshot."""
    values: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "ticker", "kind", "amount", "value", "name", "location", "price", "part", "priced_at",
            "native_currency", "native_price", "cost",
        )
    }  # fmt: skip
    return Line(Position(**values), is_carried=row.is_carried)
