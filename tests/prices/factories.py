"""Instruments and candles for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from prices.models import Candle, Instrument
from prices.venues.base import VenueCandle

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def make_instrument(**overrides: Any) -> Instrument:
    values = {
        "venue": "upbit",
        "venue_id": f"KRW-BTC-{Instrument.objects.count()}",
        "symbol": "BTC/KRW",
        "kind": "crypto",
        "base_currency": "BTC",
        "quote_currency": "KRW",
    }
    return Instrument.objects.create(**(values | overrides))


def make_candle(instrument: Instrument | None = None, **overrides: Any) -> Candle:
    """Make a candle that opens at 9, closes at 10 and trades 12."""
    values = {
        "interval": "1d",
        "opened_at": datetime(2026, 3, 2, tzinfo=UTC),
        "open": Decimal("9"),
        "high": Decimal("11"),
        "low": Decimal("8"),
        "close": Decimal("10"),
        "volume": Decimal("12"),
        "fetched_at": datetime(2026, 3, 3, tzinfo=UTC),
    }
    instrument = instrument or make_instrument()
    return Candle.objects.create(instrument=instrument, **(values | overrides))


def hourly_candle(turn: int, **overrides: Any) -> VenueCandle:
    """Return a candle like make_candle's that opens `turn` hours after NOON, as a venue says it.

    overrides  numbers may be text
    """
    values = {"open": "9", "high": "11", "low": "8", "close": "10", "volume": "12"} | overrides
    numbers = {key: Decimal(value) for key, value in values.items() if isinstance(value, str)}
    other: dict[str, Any] = {
        "opened_at": NOON + timedelta(hours=turn),
        "quote_volume": None,
        "is_final": True,
    }
    return VenueCandle(**{**other, **values, **numbers})


def hourly_candles(count: int) -> list[VenueCandle]:
    return [hourly_candle(turn) for turn in range(count)]
