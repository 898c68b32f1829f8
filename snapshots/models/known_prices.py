"""What is known of a price: as its venue said last, or by the last candle."""

from __future__ import annotations

from collections.abc import Iterator
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
    closes = [known for known in _closes(venue, venue_id, now) if known.at >= now - max_age]
    return max(closes, key=lambda known: known.at, default=None)


def _closes(venue: str, venue_id: str, now: datetime) -> Iterator[KnownPrice]:
    """Yield the close of the newest candle of each interval; one that is open is as of now."""
    for interval, length in LENGTHS.items():
        candle = (
            Candle.objects.filter(
                instrument__venue=venue,
                instrument__venue_id=venue_id,
                interval=interval,
                opened_at__lte=now,
            )
            .order_by("-opened_at")
            .first()
        )
        if candle:
            at = min(candle.opened_at + length, candle.fetched_at, now)
            yield KnownPrice(price=candle.close, at=at)
