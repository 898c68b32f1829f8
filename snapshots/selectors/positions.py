"""What a portfolio stands on now, and what moved it since a baseline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.performance.concentration import Share
from snapshots.performance.periods import Point, flowed_between
from snapshots.performance.returns import ZERO
from snapshots.performance.split import Held, Moved, Split, moves, split_change
from snapshots.selectors.flows import read_flows
from snapshots.selectors.scope import Scope

ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """The positions of all accounts at one instant; portfolio currency.

    is_whole  False: of an account no positions are kept from then
    """

    snapshots: Sequence[Snapshot]
    positions: Sequence[tuple[SnapshotPosition, Held]]
    is_whole: bool
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why a value changed between two instants."""

    split: Split
    movers: Sequence[Moved]
    change: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """What there is of one ticker, at one account and place."""

    ticker: str
    name: str
    kind: str
    account: str
    location: str
    value: Decimal
    is_carried: bool


def read_positions(scope: Scope, at: datetime) -> Standpoint:
    """Return what each account had in its newest counted snapshot until `at`, if it is still in."""
    return _standpoint(scope, snapshots_at(scope, at))


def _standpoint(scope: Scope, chosen: Sequence[Snapshot]) -> Standpoint:
    rates = {one.pk: scope.rate_of(one) for one in chosen}
    rows = SnapshotPosition.objects.filter(snapshot__in=chosen).order_by("id")
    positions = [
        (row, held)
        for row in rows
        if (rate := rates[row.snapshot_id]) is not None and (held := held_of(row, rate))
    ]
    with_rows = {row.snapshot_id for row, _ in positions}
    return Standpoint(
        snapshots=chosen,
        positions=positions,
        is_whole=all(one.pk in with_rows or is_all_dust(one) for one in chosen),
        total=sum(
            (getattr(one, scope.value_field) for one in chosen if rates[one.pk] is not None), ZERO
        ),
    )


def explain(scope: Scope, baseline: Point, now: Point) -> Explained | None:
    """Split what happened between two points; None if no positions are kept from one of them."""
    before = _standpoint(scope, _snapshots_of(baseline.taken))
    # Of an account that left in between its last positions: up to then they moved the value.
    left = {one.account.pk: one.left_at for one in scope.members if one.left_at}
    gone = {pk: left[pk] for pk in baseline.taken if pk not in now.taken and pk in left}
    after = _standpoint(scope, _snapshots_of({**now.taken, **gone}))
    if not (before.is_whole and after.is_whole):
        return None
    accounts = {one.pk: one.account_id for one in [*before.snapshots, *after.snapshots]}
    moved = moves(_by_key(before, accounts), _by_key(after, accounts))
    change = now.value - baseline.value
    flows = flowed_between(baseline, now, read_flows(scope, baseline.earliest, now.at))
    flow = sum((one.amount for one in flows), ZERO)
    movers = sorted(_by_ticker(moved), key=lambda one: abs(one.effect), reverse=True)
    return Explained(
        split=split_change(moved, change=change, flow=flow), movers=movers, change=change
    )


def allocation(scope: Scope, now: Standpoint) -> list[Allocated]:
    """Return the positions, the largest first."""
    names = {one.pk: str(account) for one in now.snapshots for account in scope.accounts
             if account.pk == one.account_id}  # fmt: skip
    found = [
        Allocated(
            ticker=row.ticker, name=row.name, kind=row.kind, account=names[row.snapshot_id],
            location=row.location, value=held.value, is_carried=row.is_carried,
        )
        for row, held in now.positions
    ]  # fmt: skip
    return sorted(found, key=lambda one: abs(one.value), reverse=True)


def shares(now: Standpoint) -> list[Share]:
    """Return what there is of each ticker, in all accounts together."""
    values: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row, held in now.positions:
        values[row.ticker, row.kind] += held.value
    return [Share(ticker=ticker, kind=kind, value=value)
            for (ticker, kind), value in values.items()]  # fmt: skip


def snapshots_at(scope: Scope, at: datetime) -> list[Snapshot]:
    """Return of each account that is still in the newest counted one until `at`, of either kind."""
    present = [one for one in scope.members if one.left_at is None or at <= one.left_at]
    rows = Account.objects.filter(pk__in=[one.account.pk for one in present]).order_by("pk")
    edges = rows.annotate(end=_newest("eod", at), quarter=_newest("intraday", at))
    numbers = [edge for row in edges.values_list("end", "quarter") for edge in row if edge]
    found: dict[int, Snapshot] = {}
    for one in Snapshot.objects.filter(pk__in=numbers).order_by("account_id", "slot_at"):
        found[one.account_id] = one
    return list(found.values())


def is_all_dust(snapshot: Snapshot) -> bool:
    """Say whether there was nothing to list; a backfilled total has positions that nobody knows."""
    return snapshot.position_count == 0 and (snapshot.dust_count > 0 or not snapshot.total_value)


def held_of(position: SnapshotPosition, rate: Decimal) -> Held | None:
    """Return quantity, price and rate of a position; None if it has no value.

    What trades in another currency moves with its rate, and so does money of another currency.
    rate  portfolio currency for one unit of the snapshot's
    """
    if position.value is None:
        return None
    amount, value = position.amount, position.value
    if amount == 0:
        return None if value == 0 else Held(quantity=ONE, price=value, fx=rate)
    each = value / amount
    if position.kind == SnapshotPosition.Kind.CURRENCY:
        return Held(quantity=amount, price=ONE, fx=each * rate)
    native = position.native_price
    if native:
        return Held(quantity=amount, price=native, fx=each / native * rate)
    return Held(quantity=amount, price=each, fx=rate)


def _newest(kind: str, at: datetime) -> Subquery:
    # A row of each kind is a step into an index; both kinds in one order would be a scan.
    rows = Snapshot.objects.counted().filter(account=OuterRef("pk"), kind=kind, slot_at__lte=at)
    return Subquery(rows.order_by("-slot_at").values("pk")[:1])


def _snapshots_of(taken: Mapping[int, datetime]) -> list[Snapshot]:
    """Return the snapshots that a point is made of."""
    found = Snapshot.objects.counted().filter(
        account__in=taken.keys(), slot_at__in=set(taken.values())
    )
    return [one for one in found.order_by("id") if taken[one.account_id] == one.slot_at]


def _by_key(standpoint: Standpoint, accounts: dict[int, int]) -> dict[str, Held]:
    found: dict[str, Held] = {}
    for row, held in standpoint.positions:
        key = f"{row.ticker}\t{accounts[row.snapshot_id]}\t{row.location}\t{row.kind}"
        found[key] = _together(found[key], held) if key in found else held
    return found


def _together(one: Held, other: Held) -> Held:
    """Add up two lines of the same: the price that makes their value."""
    quantity = one.quantity + other.quantity
    price = (one.value + other.value) / quantity / one.fx if quantity and one.fx else one.price
    return Held(quantity=quantity, price=price, fx=one.fx)


def _by_ticker(moved: Iterable[Moved]) -> list[Moved]:
    found: dict[str, Moved] = {}
    for one in moved:
        ticker = one.key.partition("\t")[0]
        known = found.get(ticker)
        found[ticker] = Moved(
            key=ticker,
            price=one.price + (known.price if known else ZERO),
            fx=one.fx + (known.fx if known else ZERO),
            cross=one.cross + (known.cross if known else ZERO),
            quantity=one.quantity + (known.quantity if known else ZERO),
            before=one.before + (known.before if known else ZERO),
            after=one.after + (known.after if known else ZERO),
        )
    return list(found.values())
