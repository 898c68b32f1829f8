"""Candles as points of a chart: exact, and no more of them than are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import reduce
from itertools import groupby

import numpy as np

from prices.models import Candle, CorporateAction
from prices.models.decimals import MAX_DIGITS
from prices.store import Series
from prices.store.series import COLUMNS, Row
from prices.venues.base import LENGTHS

MOST_READ = 200_000  # candles for one answer: a second or two
Factors = Sequence[tuple[datetime, Decimal, Decimal]]
_times = Context(prec=MAX_DIGITS).multiply
_plus = Context(prec=MAX_DIGITS + len(str(MOST_READ))).add  # so many volumes keep each digit


class TooManyCandles(ValueError):
    """The window holds more than MOST_READ candles. Take a shorter one, or longer candles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One candle, or several that follow each other in one stretch of time.

    opened_at  of the first
    is_final   all of them are
    count      how many they are
    """

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal | None
    is_final: bool
    count: int


@dataclass(frozen=True, slots=True)
class Points:
    """Points in the order of time, each for at most `per_point` intervals."""

    rows: list[Point]
    per_point: int = 1

    @property
    def candles(self) -> int:
        return sum(point.count for point in self.rows)


def read_points(
    series: Series, since: datetime, until: datetime, *, most: int, is_adjusted: bool = False
) -> Points:
    """Return the candles that opened in [since, until), in at most `most` points.

    Where there are more, each point stands for a stretch of as many intervals as it takes: the
    first open, highest high, lowest low, last close, and volumes added up; a volume that was not
    told for one of them is not told. Raise TooManyCandles.
    """
    candles = Candle.objects.filter(
        instrument=series.instrument,
        interval=series.interval,
        opened_at__gte=since,
        opened_at__lt=until,
    ).order_by("opened_at")
    openings = list(candles.values_list("opened_at", flat=True)[: MOST_READ + 1])
    if len(openings) > MOST_READ:
        raise TooManyCandles(
            f"There are more than {MOST_READ:,} candles of {series.interval} between "
            f"{since:%Y-%m-%d %H:%M}Z and {until:%Y-%m-%d %H:%M}Z."
        )
    seconds = int(LENGTHS[series.interval].total_seconds())
    per_point = _intervals_per_point([int(at.timestamp()) // seconds for at in openings], most)
    rows: Iterable[Row] = candles.values_list(*COLUMNS).iterator()  # one stretch in memory
    if is_adjusted:
        rows = _adjusted(rows, _factors(series))
    stretch = seconds * per_point
    stretches = groupby(rows, key=lambda row: int(row[0].timestamp()) // stretch)
    return Points([_point(list(found)) for _, found in stretches], per_point)


def plain(number: Decimal) -> str:
    """Return all digits that say something: 12, not 12.000 or 1.2E+1."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _intervals_per_point(numbers: list[int], most: int) -> int:
    """Return how many intervals a point has to take, so that at most `most` are not empty."""
    openings = np.array(numbers, np.int64)
    intervals = max(1, -(-len(openings) // most))
    while len(np.unique(openings // intervals)) > most:
        intervals += max(1, intervals // 10)
    return intervals


def _point(rows: list[Row]) -> Point:
    first, last = rows[0], rows[-1]
    quoted = [row[6] for row in rows if row[6] is not None]
    return Point(
        opened_at=first[0],
        open=first[1],
        high=max(row[2] for row in rows),
        low=min(row[3] for row in rows),
        close=last[4],
        volume=reduce(_plus, (row[5] for row in rows)),
        quote_volume=reduce(_plus, quoted) if len(quoted) == len(rows) else None,
        is_final=all(row[7] for row in rows),
        count=len(rows),
    )


def _factors(series: Series) -> Factors:
    """Return from when on the product of all later factors is another one: oldest first.

    Each entry counts for candles that open before its instant, and not before the one before it.
    """
    actions = CorporateAction.objects.filter(instrument=series.instrument).order_by("-effective_at")
    found: list[tuple[datetime, Decimal, Decimal]] = []
    price = volume = Decimal(1)
    for action in actions:
        price = _times(price, action.price_factor)
        volume = _times(volume, action.volume_factor)
        found.append((action.effective_at, price, volume))
    return [*reversed(found), (datetime.max.replace(tzinfo=UTC), Decimal(1), Decimal(1))]


def _adjusted(rows: Iterable[Row], factors: Factors) -> Iterator[Row]:
    """Yield rows as if the last prices had always been counted in today's units."""
    place = 0
    for at, open_, high, low, close, volume, quote_volume, is_final in rows:
        while at >= factors[place][0]:
            place += 1
        _, price, units = factors[place]
        yield (
            at,
            _times(open_, price),
            _times(high, price),
            _times(low, price),
            _times(close, price),
            _times(volume, units),
            quote_volume,
            is_final,
        )
