from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from django.test import TestCase

from prices.arrays import CandleArrays
from prices.models import CorporateAction, Rate
from prices.selectors import RateMissing, candle_arrays, get_rate
from prices.store import Series, write_candles
from tests.prices.factories import NOON, hourly_candle, make_instrument

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class CandleArraysTests(TestCase):
    def setUp(self) -> None:
        self.instrument = make_instrument()

    def write(self, *turns: int, **values: str | None) -> None:
        candles = [hourly_candle(turn, **values) for turn in turns]
        write_candles(Series(self.instrument, "1h"), candles, fetched_at=NOON + DAY)

    def read(self, is_adjusted: bool = False) -> CandleArrays:
        return candle_arrays(
            self.instrument, "1h", starts_at=NOON, ends_at=NOON + DAY, is_adjusted=is_adjusted
        )

    def act(self, at: datetime, price: str, volume: str = "1") -> None:
        CorporateAction.objects.create(
            instrument=self.instrument, kind="split", effective_at=at, source="kis",
            price_factor=Decimal(price), volume_factor=Decimal(volume),
        )  # fmt: skip

    def test_have_all_columns(self):
        self.write(0, 1, volume="0.00000001", quote_volume="1508213014.60514045")

        candles = self.read()

        self.assertEqual(len(candles), 2)
        instants = ["2026-03-02T12:00:00", "2026-03-02T13:00:00"]
        self.assertEqual(candles.opened_at.tolist(), np.array(instants, "datetime64[us]").tolist())
        found = [candles.open, candles.high, candles.low, candles.close]
        self.assertEqual(
            [column.tolist() for column in found], [[9] * 2, [11] * 2, [8] * 2, [10] * 2]
        )
        self.assertEqual(candles.volume.tolist(), [1e-8] * 2)
        self.assertEqual(candles.quote_volume.tolist(), [1508213014.60514045] * 2)
        self.assertEqual(candles.is_final.tolist(), [True] * 2)

    def test_keep_microseconds(self):
        at = NOON + timedelta(microseconds=7)
        write_candles(
            Series(self.instrument, "1h"), [hourly_candle(0, opened_at=at)], fetched_at=NOON + DAY
        )

        self.assertEqual(self.read().opened_at.tolist(), [at.replace(tzinfo=None)])

    def test_mark_an_untold_quote_volume(self):
        self.write(0)

        self.assertTrue(np.isnan(self.read().quote_volume[0]))

    def test_begin_with_the_first_instant_and_end_before_the_last(self):
        self.write(-1, 0, 23, 24)

        self.assertEqual(len(self.read()), 2)

    def test_of_nothing_are_empty(self):
        candles = self.read(is_adjusted=True)

        self.assertEqual((len(candles), candles.close.dtype), (0, np.float64))

    def test_take_instants_of_any_zone(self):
        self.write(0)
        seoul = ZoneInfo("Asia/Seoul")

        candles = candle_arrays(
            self.instrument,
            "1h",
            starts_at=NOON.astimezone(seoul),
            ends_at=(NOON + HOUR).astimezone(seoul),
        )

        self.assertEqual(len(candles), 1)

    def test_are_adjusted_only_when_asked(self):
        self.write(0, 1)
        self.act(NOON + HOUR, price="0.02", volume="50")

        self.assertEqual(self.read().close.tolist(), [10, 10])
        self.assertEqual(self.read(is_adjusted=True).close.tolist(), [0.2, 10])
        self.assertEqual(self.read(is_adjusted=True).volume.tolist(), [600, 12])

    def test_multiply_the_factors_of_all_later_actions(self):
        self.write(0, 1, 2)
        self.act(NOON + 2 * HOUR, price="0.5", volume="2")
        self.act(NOON + HOUR, price="0.1")

        candles = self.read(is_adjusted=True)

        self.assertEqual(candles.close.tolist(), [0.5, 5, 10])
        self.assertEqual(candles.volume.tolist(), [24, 24, 12])


class GetRateTests(TestCase):
    def say(self, rate: str, at: datetime, kind: str = "official") -> Rate:
        return Rate.objects.create(
            base_currency="USD", quote_currency="KRW", kind=kind, source="kis", at=at,
            rate=Decimal(rate),
        )  # fmt: skip

    def get(self, base: str = "USD", quote: str = "KRW") -> Rate:
        return get_rate(base, quote, kind=Rate.Kind.OFFICIAL, at=NOON, max_age=DAY)

    def test_returns_the_newest_that_was_known(self):
        self.say("1450", NOON - 2 * HOUR)
        newest = self.say("1460", NOON - HOUR)
        self.say("1470", NOON + HOUR)

        self.assertEqual(self.get(), newest)

    def test_never_mixes_kinds(self):
        self.say("1463", NOON, kind="implied")

        with self.assertRaisesMessage(RateMissing, "No official rate of USD in KRW"):
            self.get()

    def test_takes_none_that_is_too_old(self):
        self.say("1450", NOON - DAY - HOUR)

        with self.assertRaises(RateMissing):
            self.get()

    def test_turns_none_round(self):
        self.say("1450", NOON)

        with self.assertRaises(RateMissing):
            self.get("KRW", "USD")
