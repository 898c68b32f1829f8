"""Several writers of one series at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connections
from django.test import TransactionTestCase

from prices.models import Candle, Coverage
from prices.store import Series, Written, write_candles
from tests.prices.factories import NOON, hourly_candles, make_instrument

WRITERS = 4
CANDLES = 500
FETCHED = NOON + timedelta(days=30)


class WritersTests(TransactionTestCase):
    def test_take_turns(self):
        series = Series(make_instrument(), "1h")
        window = (NOON, NOON + timedelta(hours=CANDLES))

        def write(_: int) -> Written:
            try:
                candles = hourly_candles(CANDLES)
                return write_candles(series, candles, fetched_at=FETCHED, asked=window)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(WRITERS) as threads:
            written = sum(threads.map(write, range(WRITERS)), Written())

        self.assertEqual(written, Written(new=CANDLES, unchanged=(WRITERS - 1) * CANDLES))
        self.assertEqual(Candle.objects.count(), CANDLES)
        coverage = Coverage.objects.get()
        self.assertEqual((coverage.starts_at, coverage.ends_at), window)
