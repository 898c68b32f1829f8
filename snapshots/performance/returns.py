"""Returns of days, as Portfolio Performance counts them, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise

DAYS_A_YEAR = Decimal("365.25")
DIGITS = 40  # a chain of years of days keeps more digits than anybody shows
ZERO = Decimal(0)
ONE = Decimal(1)
NO_RATIO = "On a day nothing was there that could earn, or less than nothing was left."


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnd:
    """What was there at the end of a day, and what came and left since the end before it.

    inflow   what came, 0 or more
    outflow  what left, 0 or more
    """

    day: date
    value: Decimal
    inflow: Decimal = ZERO
    outflow: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReturn:
    """What a day returned.

    days      since the end before it: more than 1 where ends are missing
    ratio     0.01 = 1 %; None = there was a gain or a loss, and nothing that could earn it
    gain      value after - value before - inflow + outflow
    is_empty  nothing was there, came or left: its 0 % says nothing of how days differ
    """

    day: date
    days: int
    ratio: Decimal | None
    gain: Decimal
    is_empty: bool = False


def day_return(
    before: Decimal, after: Decimal, *, inflow: Decimal = ZERO, outflow: Decimal = ZERO
) -> Decimal | None:
    """Return (after + outflow) / (before + inflow) - 1: what comes, and what leaves, works all day.

    0 if there was nothing all day. None if nothing became something, or something less than
    nothing: what comes after such a day cannot be chained to what was before.

    Source: Portfolio Performance's ClientIndex; survives that nearly everything is withdrawn.
    """
    at_work, made = before + inflow, after + outflow
    if at_work == made == ZERO:
        return ZERO
    return made / at_work - ONE if at_work > ZERO and made >= ZERO else None


def day_returns(ends: Sequence[DayEnd]) -> list[DayReturn]:
    """Return what each day but the first returned; a stretch without ends counts as one day."""
    with localcontext(prec=DIGITS):
        return [
            DayReturn(
                day=end.day,
                days=(end.day - before.day).days,
                ratio=day_return(before.value, end.value, inflow=end.inflow, outflow=end.outflow),
                gain=end.value - before.value - end.inflow + end.outflow,
                is_empty=not any((before.value, end.value, end.inflow, end.outflow)),
            )
            for before, end in pairwise(ends)
        ]


def chained(ratios: Iterable[Decimal | None]) -> Decimal | None:
    """Return the product of 1 + each, minus 1: time-weighted. None if one of them, or all, miss."""
    product, count = ONE, 0
    with localcontext(prec=DIGITS):
        for ratio in ratios:
            if ratio is None:
                return None
            product *= ONE + ratio
            count += 1
        return product - ONE if count else None


def annualised(total: Decimal, days: int) -> Decimal | None:
    """Return the yearly rate that makes `total` of so many calendar days.

    None if all was lost, or more, or no day passed. Below 90 days mark it: it says little.
    """
    if days <= 0 or total <= -ONE:
        return None
    with localcontext(prec=DIGITS):
        return (ONE + total) ** (DAYS_A_YEAR / days) - ONE
