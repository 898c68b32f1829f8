"""What changed from one snapshot of an account to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from snapshots.models import Snapshot, SnapshotPosition
from snapshots.performance.returns import ZERO

Sums = dict[tuple[str, str], tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticker at a place: units, and value in the account's currency."""

    ticker: str
    location: str
    units_before: Decimal
    units_after: Decimal
    value_before: Decimal
    value_after: Decimal

    @property
    def change(self) -> Decimal:
        return self.value_after - self.value_before

    @property
    def word(self) -> str:
        """Return what became of it; empty if there are as many units as before."""
        if not self.units_after:
            return "vanished"
        if not self.units_before:
            return "new"
        return "" if self.units_before == self.units_after else "other amount"


@dataclass(frozen=True, slots=True)
class Compared:
    """A snapshot beside the last one that counts before it; amounts in the account's currency.

    change  None = one of them has no value, or they are in two currencies
    moved   what moved its value, the most first; empty if positions of one are not kept
    """

    before: Snapshot
    change: Decimal | None
    ratio: Decimal | None
    moved: Sequence[Moved] = ()


def compare(snapshot: Snapshot) -> Compared | None:
    """Return what changed since the last snapshot that counts; None if there is none."""
    before = Snapshot.objects.comparable().before(snapshot.account, snapshot.slot_at).first()
    if before is None:
        return None
    if before.total_value is None or snapshot.total_value is None:
        return Compared(before, None, None)
    if before.currency != snapshot.currency:
        return Compared(before, None, None)
    change = snapshot.total_value - before.total_value
    ratio = change / abs(before.total_value) if before.total_value else None
    return Compared(before, change, ratio, _moved(before, snapshot))


def _moved(before: Snapshot, after: Snapshot) -> list[Moved]:
    if "manual" in (before.status, after.status):
        return []  # somebody said what it was worth; the positions do not
    old, new = _sums(before.positions.all()), _sums(after.positions.all())
    if not old or not new:
        return []  # thinned
    nothing = (ZERO, ZERO)
    found = []
    for key in old.keys() | new.keys():
        (units_before, value_before), (units, value) = old.get(key, nothing), new.get(key, nothing)
        found.append(Moved(*key, units_before, units, value_before, value))
    changed = [one for one in found if one.change or one.word]
    return sorted(changed, key=lambda one: (-abs(one.change), one.ticker, one.location))


def _sums(positions: Iterable[SnapshotPosition]) -> Sums:
    sums: Sums = defaultdict(lambda: (ZERO, ZERO))
    for one in positions:
        units, value = sums[one.ticker, one.location]
        sums[one.ticker, one.location] = units + one.amount, value + (one.value or ZERO)
    return dict(sums)
