from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.test import TestCase

from prices.store import Series, find_rewriting, write_candles
from prices.venues.base import VenueCandle
from tests.prices.factories import NOON, hourly_candle, make_instrument


def candle(turn: int, price: Decimal, is_final: bool = True) -> VenueCandle:
    return replace(
        hourly_candle(turn, is_final=is_final),
        open=price,
        high=price + 10,
        low=price - 10,
        close=price + 5,
    )


def times(candle: VenueCandle, factor: str) -> VenueCandle:
    def scaled(price: Decimal) -> Decimal:
        return (price * Decimal(factor)).quantize(Decimal(1), ROUND_HALF_UP)

    return replace(
        candle,
        open=scaled(candle.open),
        high=scaled(candle.high),
        low=scaled(candle.low),
        close=scaled(candle.close),
    )


class FindRewritingTests(TestCase):
    def setUp(self) -> None:
        self.series = Series(make_instrument(), "1h")
        self.candles = [candle(turn, Decimal(60_601 + 137 * turn)) for turn in range(6)]
        write_candles(self.series, self.candles, fetched_at=NOON + timedelta(days=1))

    def find(self, candles: list[VenueCandle]) -> Decimal | None:
        return find_rewriting(self.series, candles)

    def test_finds_a_split_in_rounded_prices(self):
        factor = self.find([times(candle, "0.02") for candle in self.candles])

        assert factor is not None
        self.assertAlmostEqual(factor, Decimal("0.02"), places=4)

    def test_finds_a_dividend(self):
        factor = self.find([times(candle, "0.99") for candle in self.candles])

        assert factor is not None
        self.assertAlmostEqual(factor, Decimal("0.99"), places=4)

    def test_finds_nothing_in_what_is_as_it_was(self):
        self.assertIsNone(self.find(self.candles))

    def test_takes_one_correction_for_a_revision(self):
        self.assertIsNone(self.find([times(self.candles[0], "0.5"), *self.candles[1:]]))

    def test_takes_corrections_without_a_common_factor_for_revisions(self):
        factors = ["0.5", "0.6", "0.7", "0.8", "0.9", "1.1"]
        pairs = zip(self.candles, factors, strict=True)

        self.assertIsNone(self.find([times(candle, factor) for candle, factor in pairs]))

    def test_needs_five_candles(self):
        self.assertIsNone(self.find([times(candle, "0.5") for candle in self.candles[:4]]))

    def test_counts_only_candles_that_are_stored(self):
        new = [candle(turn, Decimal(30_000)) for turn in range(6, 9)]

        self.assertIsNone(self.find([*[times(c, "0.5") for c in self.candles[2:]], *new]))

    def test_counts_only_final_candles(self):
        unfinished = [replace(times(c, "0.5"), is_final=False) for c in self.candles[:2]]

        self.assertIsNone(self.find([*unfinished, *[times(c, "0.5") for c in self.candles[2:]]]))
