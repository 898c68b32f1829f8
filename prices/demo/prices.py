"""Prices that are made up: the same for the same instrument and time, whoever asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zlib import crc32

DAY = 86_400.0  # s
# How often a price swings up and down again, in days, and by how much: months, weeks, hours.
SWINGS = ((143, 0.11), (47, 0.06), (17, 0.02), (0.8, 0.01))
LEAP = 0.05  # from one midnight to the next, at most


@dataclass(frozen=True, slots=True)
class MadeUpCandle:
    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal


def made_up_candle(
    name: str, base: Decimal, opened_at: datetime, length: timedelta, now: datetime
) -> MadeUpCandle:
    """Return the candle as it is at `now`; until its end it changes from second to second."""
    seen = min(now, opened_at + length)
    start, end = price_at(name, base, opened_at), price_at(name, base, seen)
    reach = Decimal(dice(name, opened_at, "reach") % 50) / 10_000 + 1
    seconds = (seen - opened_at) // timedelta(seconds=1)
    volume = Decimal(dice(name, opened_at, "volume") * seconds).scaleb(-8)
    return MadeUpCandle(
        opened_at=opened_at,
        open=start,
        high=_rounded(max(start, end) * reach),
        low=_rounded(min(start, end) / reach),
        close=end,
        volume=volume,
        quote_volume=volume * (start + end) / 2,
    )


def price_at(name: str, base: Decimal, instant: datetime) -> Decimal:
    """Return a price that swings around `base` within a quarter of it."""
    start, days = crc32(name.encode()) / 2**32, instant.timestamp() / DAY
    swing = sum(by * math.sin(2 * math.pi * (days / often + start)) for often, by in SWINGS)
    noise = dice(name, instant, "price") / 2**32 * 0.005
    day, hour = divmod(days, 1)
    before, after = (crc32(f"{name} {day + number:.0f}".encode()) for number in (0, 1))
    leap = (before + (after - before) * hour) / 2**32 * LEAP
    return _rounded(base * Decimal(1 + swing + noise + leap))


def dice(name: str, instant: datetime, what: str) -> int:
    """Return 32 bits that look random, and are the same each time."""
    return crc32(f"{name} {instant:%Y-%m-%dT%H:%M:%S} {what}".encode())


def _rounded(price: Decimal) -> Decimal:
    """Return six significant digits of it, as exchanges have."""
    return price.quantize(Decimal(1).scaleb(price.adjusted() - 5))
