from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import TestCase

from prices.models import Candle, CandleRevision, Coverage
from prices.store import InvalidCandle, Series, Written, write_candles
from prices.store import candles as writing
from prices.venues.base import VenueCandle
from tests.prices.factories import NOON, hourly_candle, hourly_candles, make_instrument

HOUR = timedelta(hours=1)
FETCHED = NOON + timedelta(days=30)
LATER = FETCHED + HOUR


def versions() -> set[tuple[Any, ...]]:
    """Return where each candle is stored and which transactions have written or locked it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text, xmin::text, xmax::text, opened_at FROM prices_candle")
        return set(cursor.fetchall())


class WritingTestCase(TestCase):
    def setUp(self) -> None:
        self.series = Series(make_instrument(), "1h")

    def write(
        self, candles: Iterable[VenueCandle], fetched_at: datetime = FETCHED, **options: Any
    ) -> Written:
        return write_candles(self.series, candles, fetched_at=fetched_at, **options)

    def stored(self) -> list[dict[str, Any]]:
        return [dict(row) for row in Candle.objects.order_by("opened_at").values()]


class WriteCandlesTests(WritingTestCase):
    def test_stores_what_the_venue_says(self):
        candle = hourly_candle(0, close="10.00000000000000001", quote_volume=Decimal("1.5"))

        written = self.write([candle])

        self.assertEqual(written, Written(new=1))
        [row] = self.stored()
        self.assertEqual(row["close"], Decimal("10.00000000000000001"))
        self.assertEqual(row["quote_volume"], Decimal("1.5"))
        self.assertEqual((row["opened_at"], row["fetched_at"]), (NOON, FETCHED))
        self.assertTrue(row["is_final"])

    def test_keeps_an_untold_quote_volume_untold(self):
        self.write([hourly_candle(0, quote_volume=None)])

        self.assertIsNone(self.stored()[0]["quote_volume"])

    def test_writes_nothing_the_second_time(self):
        candles = hourly_candles(5)
        self.write(candles)
        before = self.stored()

        written = self.write(candles, fetched_at=LATER)

        self.assertEqual(written, Written(unchanged=5))
        self.assertEqual(self.stored(), before)

    def test_touches_no_row_that_is_unchanged(self):
        if connection.vendor != "postgresql":
            self.skipTest("SQLite does not say which rows were written.")
        candles = hourly_candles(5)
        self.write(candles)
        before = versions()

        self.write([replace(candles[0], close=Decimal(11)), *candles[1:]], LATER)

        self.assertEqual(len(versions() & before), 4)

    def test_counts_new_changed_and_unchanged(self):
        candles = hourly_candles(5)
        self.write([candles[0], candles[1], candles[3]])

        written = self.write([replace(candles[0], close=Decimal(11)), *candles[1:]], LATER)

        self.assertEqual(written, Written(new=2, changed=1, unchanged=2, revised=1))
        self.assertEqual([row["close"] for row in self.stored()], [11, 10, 10, 10, 10])

    def test_takes_a_number_for_what_it_is_and_not_for_how_it_is_written(self):
        self.write([hourly_candle(0, volume="12.10", close="1E+1")])

        written = self.write([hourly_candle(0, volume="12.1", close="10.000")])

        self.assertEqual(written, Written(unchanged=1))

    def test_rounds_alike_what_has_too_many_decimals(self):
        candle = hourly_candle(0, volume="0.1234567890123456789")
        self.write([candle])

        self.assertEqual(self.write([candle]), Written(unchanged=1))

    def test_finishes_an_unfinished_candle(self):
        self.write([hourly_candle(0, is_final=False)])

        written = self.write([hourly_candle(0, close="11")], LATER)

        self.assertEqual(written, Written(changed=1))
        self.assertEqual((self.stored()[0]["close"], self.stored()[0]["is_final"]), (11, True))
        self.assertFalse(CandleRevision.objects.exists())

    def test_leaves_a_final_candle_to_final_ones(self):
        self.write([hourly_candle(0)])

        written = self.write([hourly_candle(0, close="11", is_final=False)], LATER)

        self.assertEqual(written, Written(unchanged=1))
        self.assertEqual(self.stored()[0]["close"], 10)

    def test_replaces_nothing_by_what_was_fetched_earlier(self):
        self.write([hourly_candle(0, is_final=False)], LATER)

        written = self.write([hourly_candle(0, close="11", is_final=False)], FETCHED)

        self.assertEqual(written, Written(unchanged=1))

    def test_keeps_what_a_final_candle_said(self):
        self.write([hourly_candle(0), hourly_candle(1)])

        self.write([hourly_candle(0, volume="13"), hourly_candle(1)], LATER)

        revision = CandleRevision.objects.get()
        self.assertEqual((revision.opened_at, revision.volume, revision.close), (NOON, 12, 10))
        self.assertEqual((revision.fetched_at, revision.replaced_at), (FETCHED, LATER))

    def test_leaves_other_series_alone(self):
        other = Series(self.series.instrument, "4h")
        write_candles(other, hourly_candles(1), fetched_at=FETCHED)

        self.assertEqual(self.write(hourly_candles(2)), Written(new=2))

    def test_goes_on_over_many_chunks(self):
        self.write([hourly_candle(3, close="11")])

        with mock.patch.object(writing, "CHUNK", 2):
            written = self.write(iter(hourly_candles(7)), LATER)

        self.assertEqual(written, Written(new=6, changed=1, revised=1))
        self.assertEqual(len(self.stored()), 7)


class MemoryTests(WritingTestCase):
    def peak(self, count: int, since: int) -> int:
        tracemalloc.start()
        self.write(hourly_candle(since + turn) for turn in range(count))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    def test_takes_as_much_memory_for_few_candles_as_for_many(self):
        with mock.patch.object(writing, "CHUNK", 100):
            self.peak(200, since=0)  # what is kept from the first time on
            few, many = self.peak(200, since=200), self.peak(2000, since=400)

        self.assertLess(many, few * 3)  # ten times the candles


class CoveredTests(WritingTestCase):
    def windows(self) -> list[tuple[datetime, datetime]]:
        return list(Coverage.objects.values_list("starts_at", "ends_at"))

    def test_remembers_what_was_asked(self):
        self.write(hourly_candles(2), asked=(NOON, NOON + 5 * HOUR))

        self.assertEqual(self.windows(), [(NOON, NOON + 5 * HOUR)])

    def test_remembers_an_empty_answer(self):
        written = self.write([], asked=(NOON, NOON + HOUR))

        self.assertEqual(written, Written())
        self.assertEqual(self.windows(), [(NOON, NOON + HOUR)])

    def test_ends_before_the_first_unfinished_candle(self):
        candles = [hourly_candle(0), hourly_candle(1), hourly_candle(2, is_final=False)]

        self.write(candles, asked=(NOON, NOON + 5 * HOUR))

        self.assertEqual(self.windows(), [(NOON, NOON + 2 * HOUR)])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"low": "9.5"},
        {"high": "9.9"},
        {"volume": "-1"},
        {"volume": "NaN"},
        {"close": "NaN"},
        {"high": "Infinity"},
        {"quote_volume": "-1"},
        {"quote_volume": "1E+20"},
    ],
    ids=str,
)
def test_candle_that_cannot_be_is_refused_and_named(wrong):
    series = Series(make_instrument(), "1h")
    candles = [hourly_candle(0), hourly_candle(1, **wrong)]

    with pytest.raises(InvalidCandle, match="from 2026-03-02 13:00Z cannot be"):
        write_candles(series, candles, fetched_at=FETCHED, asked=(NOON, LATER))

    assert not Candle.objects.exists()
    assert not Coverage.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("turns", [(0, 0), (1, 0)])
def test_candles_that_do_not_rise_are_refused(turns):
    series = Series(make_instrument(), "1h")

    with pytest.raises(InvalidCandle, match="comes after one of"):
        write_candles(series, [hourly_candle(turn) for turn in turns], fetched_at=FETCHED)
