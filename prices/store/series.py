"""What is written into, what is written, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import attrgetter

from django.db.models import QuerySet

from prices.models import Candle, Instrument
from prices.models.decimals import LIMIT
from prices.venues.base import VenueCandle

VALUES = ("open", "high", "low", "close", "volume", "quote_volume", "is_final")
COLUMNS = ("opened_at", *VALUES)
Row = tuple[datetime, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal | None, bool]


class InvalidCandle(ValueError):
    """A candle that cannot be, or not at its place. Look at what the venue has answered."""


@dataclass(frozen=True, slots=True)
class Series:
    """The candles of one instrument and one interval."""

    instrument: Instrument
    interval: str

    def newest_final(self, before: datetime, count: int) -> list[datetime]:
        """Return when the newest final candles opened, of those before `before`, newest first."""
        final = Candle.objects.filter(
            instrument=self.instrument,
            interval=self.interval,
            opened_at__lt=before,
            is_final=True,
        )
        return list(final.order_by("-opened_at").values_list("opened_at", flat=True)[:count])

    def stored(self, first: datetime, last: datetime) -> QuerySet[Candle]:
        """Return the candles that opened in [first, last]."""
        return Candle.objects.filter(
            instrument=self.instrument, interval=self.interval, opened_at__range=(first, last)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many candles were new, changed or unchanged.

    revised  those of the changed ones that were final: the venue corrected itself
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    revised: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            revised=self.revised + other.revised,
        )


def rows_of(series: Series, candles: Iterable[VenueCandle]) -> Iterator[Row]:
    """Yield the values of COLUMNS of each candle.

    Raise InvalidCandle at the first that cannot be, or does not open after the one before it.
    """
    previous = datetime.min.replace(tzinfo=UTC)
    row: Row
    for row in map(attrgetter(*COLUMNS), candles):
        at, open_, high, low, close, volume, quote_volume, _ = row
        try:  # NaN cannot be compared: InvalidOperation
            can_be = (
                low <= open_ <= high
                and low <= close <= high
                and low > -LIMIT
                and high < LIMIT
                and 0 <= volume < LIMIT
                and (quote_volume is None or 0 <= quote_volume < LIMIT)
            )
        except InvalidOperation:
            can_be = False
        if not can_be:
            raise InvalidCandle(f"{_named(series, at)} cannot be: {', '.join(map(str, row[1:]))}.")
        if at <= previous:
            raise InvalidCandle(
                f"{_named(series, at)} comes after one of {previous:%Y-%m-%d %H:%M}Z."
            )
        previous = at
        yield row


def _named(series: Series, at: datetime) -> str:
    return f"The {series.interval} candle of {series.instrument} from {at:%Y-%m-%d %H:%M}Z"
