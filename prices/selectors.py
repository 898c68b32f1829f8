"""What other apps read of prices."""

from __future__ import annotations

from datetime import datetime, timedelta

from prices.arrays import CandleArrays, read_arrays
from prices.models import CorporateAction, Instrument, Rate


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
