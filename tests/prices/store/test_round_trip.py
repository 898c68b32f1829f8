"""Decimals come back as the venue sent them, and one more look changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from prices.arrays import NUMBERS
from prices.models import Candle
from prices.store import Series, Written, write_candles
from prices.venues.base import VenueCandle
from tests.prices.factories import NOON, hourly_candle, make_instrument

FETCHED = NOON + timedelta(days=30)
DIGITS = 15  # what SQLite compares exactly in check constraints; PostgreSQL compares all 38


@st.composite
def venue_candles(draw: st.DrawFn) -> VenueCandle:
    places = draw(st.integers(0, 18))
    numbers = st.integers(0, 10 ** min(20 + places, DIGITS) - 1).map(
        lambda number: Decimal(f"{number}E-{places}")
    )
    low, first, second, high = sorted(draw(st.tuples(numbers, numbers, numbers, numbers)))
    amounts = st.integers(0, 10**38 - 1).map(lambda number: Decimal(f"{number}E-18"))
    return replace(
        hourly_candle(0),
        low=low,
        open=first,
        close=second,
        high=high,
        volume=draw(amounts.filter(bool)),
        quote_volume=draw(st.none() | amounts),
    )


class RoundTripTests(TestCase):
    @settings(max_examples=100, deadline=None)
    @given(venue_candles())
    def test_decimals_come_back_as_they_were(self, candle):
        series = Series(make_instrument(), "1h")

        written = write_candles(series, [candle], fetched_at=FETCHED)

        self.assertEqual(written, Written(new=1))
        stored = Candle.objects.get()
        for name in NUMBERS:
            self.assertEqual(getattr(stored, name), getattr(candle, name))
        again = write_candles(series, [candle], fetched_at=FETCHED)
        self.assertEqual(again, Written(unchanged=1))
