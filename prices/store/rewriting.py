"""Whether a venue has rewritten a series: after a split it counts the past in new units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from prices.store.series import Row, Series, rows_of
from prices.venues.base import VenueCandle

OVERLAP = 5  # final candles that are asked for again
PRICES = ("open", "high", "low", "close")
Pair = tuple[Decimal, Decimal]


def find_rewriting(series: Series, candles: Sequence[VenueCandle]) -> Decimal | None:
    """Return by what a venue has multiplied prices that are stored as final; None if by nothing.

    Ask before `candles` are written; they begin OVERLAP final candles back. The factor is found
    in the OVERLAP oldest final candles that both have: all their prices are what they were, times
    it, up to the last digit that the venue gives. Then the whole series has to be asked for
    again. What differs without a common factor is a revision. Fewer candles tell nothing.
    """
    final = [row for row in rows_of(series, candles) if row[-1]]
    if len(final) < OVERLAP:
        return None
    found = series.stored(final[0][0], final[-1][0]).filter(is_final=True)
    stored = found.order_by("opened_at").values_list("opened_at", *PRICES)[: len(final)]
    before = {at: prices for at, *prices in stored.iterator()}
    both = [row for row in final if row[0] in before][:OVERLAP]
    if len(both) < OVERLAP:
        return None
    return _factor([pair for row in both for pair in _pairs(before[row[0]], row)])


def _pairs(before: Iterable[Decimal], row: Row) -> Iterable[Pair]:
    return zip(before, row[1:5], strict=True)


def _factor(pairs: Sequence[Pair]) -> Decimal | None:
    old_sum = sum((old for old, _ in pairs), Decimal())
    new_sum = sum((new for _, new in pairs), Decimal())
    if old_sum <= 0 or new_sum <= 0 or all(old == new for old, new in pairs):
        return None
    factor, unit = new_sum / old_sum, _unit(new for _, new in pairs)
    is_common = all(abs(new - old * factor) <= unit for old, new in pairs)
    is_beyond_rounding = all(abs(new - old) > unit for old, new in pairs)
    return factor if is_common and is_beyond_rounding else None


def _unit(prices: Iterable[Decimal]) -> Decimal:
    """Return the last place that any of the prices has, without trailing zeros."""
    exponents = [int(price.normalize().as_tuple().exponent) for price in prices if price]
    return Decimal(1).scaleb(min([0, *exponents]))
