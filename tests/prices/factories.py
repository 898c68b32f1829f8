"""Instruments and candles for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from prices.models import Candle, Instrument


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
