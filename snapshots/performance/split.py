"""What moved a value: prices, exchange rates, flows, and what none of them explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from snapshots.performance.returns import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position at one instant.

    quantity  units, signed
    price     for one unit, in its own currency
    fx        reporting currency for one unit of that currency
    """

    quantity: Decimal
    price: Decimal
    fx: Decimal

    @property
    def value(self) -> Decimal:
        return self.quantity * self.price * self.fx


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A change of value in parts, which add up to it; reporting currency.

    price        q0 · Δp · fx0
    fx           q0 · p0 · Δfx
    cross        q0 · Δp · Δfx: what both moved together
    flow         what came less what left
    unexplained  the rest: of quantities that changed without a flow (fees, what trades brought
                 within the period, a flow that nobody entered), and of what is too small to list
    """

    price: Decimal = ZERO
    fx: Decimal = ZERO
    cross: Decimal = ZERO
    flow: Decimal = ZERO
    unexplained: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.price + self.fx + self.cross + self.flow + self.unexplained


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What became of one position; `quantity` is what its change of units is worth now."""

    key: str
    price: Decimal
    fx: Decimal
    cross: Decimal
    quantity: Decimal
    before: Decimal
    after: Decimal

    @property
    def effect(self) -> Decimal:
        """Return what it earned: its change of value without the change of units."""
        return self.price + self.fx + self.cross


def split_position(key: str, before: Held | None, after: Held | None) -> Moved:
    """Split the change of one position; None = it was not there.

    One that vanished had its old price to the end: no other is known.
    """
    first = before or Held(quantity=ZERO, price=ZERO, fx=ZERO)
    last = after or Held(quantity=ZERO, price=first.price, fx=first.fx)
    price_change = last.price - first.price
    fx_change = last.fx - first.fx
    return Moved(
        key=key,
        price=first.quantity * price_change * first.fx,
        fx=first.quantity * first.price * fx_change,
        cross=first.quantity * price_change * fx_change,
        quantity=(last.quantity - first.quantity) * last.price * last.fx,
        before=first.value,
        after=last.value,
    )


def moves(before: Mapping[str, Held], after: Mapping[str, Held]) -> list[Moved]:
    """Split each position of either, by key."""
    keys = dict.fromkeys([*before, *after])
    return [split_position(key, before.get(key), after.get(key)) for key in keys]


def split_change(moved: list[Moved], *, change: Decimal, flow: Decimal) -> Split:
    """Split a change of value; what no position and no flow explains is the rest.

    change  of the totals, which hold also what is too small to be listed
    """
    price = sum((one.price for one in moved), ZERO)
    fx = sum((one.fx for one in moved), ZERO)
    cross = sum((one.cross for one in moved), ZERO)
    return Split(
        price=price, fx=fx, cross=cross, flow=flow, unexplained=change - price - fx - cross - flow
    )
