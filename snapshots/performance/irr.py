"""The money-weighted return: the rate at which all that was paid in grows to what is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

DAYS_A_YEAR = 365  # of a spreadsheet's XIRR, whose convention this is
LEAST, MOST = -0.999999, 1e6  # rates looked for
STEPS = 60  # between them, on the scale of logarithms
PRECISION = 1e-13
ROUNDS = 200


def xirr(payments: Sequence[tuple[date, Decimal]]) -> list[float]:
    """Return the yearly rates at which the present values of `payments` add up to nothing.

    payments  negative: paid in; positive: taken out, or still there on the last day
    returns   nearest to 0 first; several may do where money goes in and out by turns, and none
              if all goes one way, or all on one day, or all was lost

    Source: Excel's XIRR, actual days / 365.
    """
    if len({day for day, _ in payments}) < 2 or not _goes_both_ways(payments):
        return []
    first = min(day for day, _ in payments)
    paid = [((day - first).days / DAYS_A_YEAR, float(amount)) for day, amount in payments]

    def worth(rate: float) -> float:
        # In logarithms: (1 + rate) ** 40 years of -99.9999 % is more than a float holds.
        growth = math.log1p(rate)
        return math.fsum(
            amount * math.exp(max(-700.0, min(700.0, -years * growth))) for years, amount in paid
        )

    return sorted((_bisect(worth, low, high) for low, high in _brackets(worth)), key=abs)


def _goes_both_ways(payments: Sequence[tuple[date, Decimal]]) -> bool:
    return any(amount > 0 for _, amount in payments) and any(amount < 0 for _, amount in payments)


def _brackets(worth: Callable[[float], float]) -> list[tuple[float, float]]:
    """Return the stretches in which the sign changes; finer near 0, where rates live."""
    low, high = math.log1p(LEAST), math.log1p(MOST)
    edges = {low + (high - low) * n / STEPS for n in range(STEPS + 1)}
    edges |= {n / 50 for n in range(-25, 26)}
    rates = [math.expm1(edge) for edge in sorted(edges)]
    worths = [worth(rate) for rate in rates]
    return [
        (rates[n], rates[n + 1])
        for n in range(len(rates) - 1)
        if (worths[n] < 0) != (worths[n + 1] < 0)
    ]


def _bisect(worth: Callable[[float], float], low: float, high: float) -> float:
    is_negative = worth(low) < 0
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        if high - low <= PRECISION * max(1.0, abs(middle)) or middle in (low, high):
            break
        if (worth(middle) < 0) == is_negative:
            low = middle
        else:
            high = middle
    return (low + high) / 2
