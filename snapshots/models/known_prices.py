"""What is known of a price: as its venue said last, or by the last candle."""

from __future__ import annotations

from datetime import datetime, timedelta

from prices.models import Candle, LastPrice
from prices.venues.base import LENGTHS
from snapshots.sources.surroundings import KnownPrice


def find_price(
    venue: str, venue_id: str, *, now: datetime, max_age: timedelta
) -> KnownPrice | None:
    """Return what a unit was worth at most `max_age` ago, and when the venue said so."""
    last = LastPrice.objects.filter(
        instrument__venue=venue, instrument__venue_id=venue_id, fetched_at__gte=now - max_age
    ).first()
    if last:
        return KnownPrice(price=last.price, at=last.fetched_at)
    candles = Candle.objects.filter(
        instrument__venue=venue,
        instrument__venue_id=venue_id,
        opened_at__range=(now - max_age, now),
    )
    newest = candles.order_by("-opened_at").first()
    if newest is None:
        return None
    ended_at = newest.opened_at + LENGTHS[newest.interval]
    return KnownPrice(price=newest.close, at=min(ended_at, newest.fetched_at))
