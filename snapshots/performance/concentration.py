"""What a portfolio stands on: exposure, concentration, turnover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from snapshots.performance.returns import ZERO
from snapshots.performance.split import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What there is of one ticker, in all accounts together; reporting currency."""

    ticker: str
    kind: str
    value: Decimal


def exposure(shares: Sequence[Share], total: Decimal) -> Decimal | None:
    """Return what is at risk of prices, of the total: all but currencies, net of what is owed.

    More than 1 with borrowed money. None if the total is 0 or less.
    """
    at_risk = sum((share.value for share in shares if share.kind != "currency"), ZERO)
    return at_risk / total if total > ZERO else None


def concentration(shares: Sequence[Share]) -> Decimal | None:
    """Return the sum of the squares of the shares (Herfindahl-Hirschman): 1 = all in one ticker.

    By magnitude, so that a debt counts as what it is. What is too small to be listed is left out:
    its square is nothing. None if there is nothing.
    """
    whole = sum((abs(share.value) for share in shares), ZERO)
    if whole == ZERO:
        return None
    return sum(((abs(share.value) / whole) ** 2 for share in shares), ZERO)


def turnover(days: Sequence[Mapping[str, Held]], average_value: Decimal) -> Decimal | None:
    """Return the lesser of what was bought and sold, of the average value, in the whole period.

    days  positions at the ends of days, oldest first, without currencies; a change of units
          counts at its last price

    The lesser, so that money paid in or out and then invested is no turnover. None if there are
    fewer than two days, or nothing was there. Source: SEC Form N-1A, item 13, instruction 4(d).
    """
    if len(days) < 2 or average_value <= ZERO:
        return None
    bought = sold = ZERO
    for before, after in pairwise(days):
        for key in before.keys() | after.keys():
            first, last = before.get(key), after.get(key)
            priced = last or first
            if priced is None:
                continue
            units = (last.quantity if last else ZERO) - (first.quantity if first else ZERO)
            worth = units * priced.price * priced.fx
            bought, sold = bought + max(worth, ZERO), sold - min(worth, ZERO)
    return min(bought, sold) / average_value
