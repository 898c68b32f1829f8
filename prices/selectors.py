"""What other apps read of prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prices.arrays import CandleArrays, read_arrays
from prices.freshness import Freshness, read_freshness
from prices.freshness import State as FreshnessState
from prices.models import CorporateAction, Instrument, InstrumentAlias, Rate

__all__ = [
    "CandleArrays",
    "Freshness",
    "FreshnessState",
    "RateMissing",
    "candle_arrays",
    "find_instrument",
    "get_rate",
    "read_freshness",
]

COLLECTED = ("1h", "1d")  # by the jobs ohlcv_hourly and ohlcv_daily


class RateMissing(LookupError):
    """No rate of this kind is known for the instant. Mark what needs it: it is never 1."""


def candle_arrays(
    instrument: Instrument,
    interval: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    is_adjusted: bool = False,
) -> CandleArrays:
    """Return the candles that opened in [starts_at, ends_at), as the venue gave them.

    is_adjusted  as if later corporate actions had been in effect already, all that are known
    """
    candles = read_arrays(instrument.pk, interval, starts_at, ends_at)
    if not is_adjusted:
        return candles
    actions = CorporateAction.objects.filter(instrument=instrument).order_by("effective_at")
    rows = actions.values_list("effective_at", "price_factor", "volume_factor")
    return candles.adjusted([(at, float(price), float(volume)) for at, price, volume in rows])


def find_instrument(name: str) -> Instrument | None:
    """Return the instrument of a number, or of venue and id: upbit:KRW-BTC, also an id of old."""
    if name.isascii() and name.isdigit() and len(name) < 19:
        return Instrument.objects.filter(pk=int(name)).first()
    venue, _, venue_id = name.partition(":")
    found = Instrument.objects.filter(venue=venue, venue_id=venue_id).first()
    if found:
        return found
    renamed = InstrumentAlias.objects.filter(instrument__venue=venue, venue_id=venue_id)
    newest = renamed.order_by("-renamed_on").select_related("instrument").first()
    return newest.instrument if newest else None


def get_rate(
    base_currency: str, quote_currency: str, *, kind: Rate.Kind, at: datetime, max_age: timedelta
) -> Rate:
    """Return the newest rate of the kind at `at`, as it was said: no inverse, no detour.

    Raise RateMissing if there is none, or none of the last `max_age`.
    """
    known = Rate.objects.filter(
        base_currency=base_currency,
        quote_currency=quote_currency,
        kind=kind,
        at__range=(at - max_age, at),
    )
    rate = known.order_by("-at", "-pk").first()
    if rate is None:
        raise RateMissing(
            f"No {kind} rate of {base_currency} in {quote_currency} between "
            f"{at - max_age:%Y-%m-%d %H:%M}Z and {at:%Y-%m-%d %H:%M}Z."
        )
    return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFreshness:
    """How late the candles of one tracked series are.

    state  fresh, late, stale or never
    late   time of trading since the next candle was over
    """

    instrument_id: int
    venue: str
    name: str
    interval: str
    state: str
    late: timedelta


def read_tracked_freshness(*, now: datetime) -> Iterator[SeriesFreshness]:
    """Yield how late each tracked instrument is, in the intervals that jobs collect."""
    tracked = Instrument.objects.filter(is_tracked=True).exclude(state=Instrument.State.DELISTED)
    found = read_freshness(tracked, COLLECTED, now=now)
    names = {one.pk: (one.venue, str(one)) for one in tracked.only("pk", "symbol", "venue")}
    for pk, by_interval in found.items():
        for interval, one in by_interval.items():
            yield SeriesFreshness(
                instrument_id=pk, venue=names[pk][0], name=names[pk][1], interval=interval,
                state=str(one.state), late=one.late,
            )  # fmt: skip
