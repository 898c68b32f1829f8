from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import TestCase

from prices import points
from prices.models import CorporateAction
from prices.points import TooManyCandles, plain, read_points
from prices.store import Series, write_candles
from tests.prices.factories import NOON, hourly_candle, make_instrument

HOUR = timedelta(hours=1)
TEN_HOURS = (NOON, NOON + 10 * HOUR)


class PointTests(TestCase):
    def setUp(self) -> None:
        self.series = Series(make_instrument(), "1h")

    def write(self, *turns: int, **overrides: str) -> None:
        candles = [hourly_candle(turn, **overrides) for turn in turns]
        write_candles(self.series, candles, fetched_at=NOON)

    def test_few_candles_are_points_as_they_are(self):
        self.write(0, 1, volume="0.000000000000000001")

        found = read_points(self.series, *TEN_HOURS, most=2)

        self.assertEqual((found.per_point, found.candles), (1, 2))
        self.assertEqual(found.rows[1].opened_at, NOON + HOUR)
        self.assertEqual(plain(found.rows[1].volume), "0.000000000000000001")

    def test_volumes_are_added_up_to_the_last_digit(self):
        volume = "12345678901234567890.123456789012345678"
        self.write(0, 1, volume=volume, quote_volume=volume)

        for most, said in ((2, volume), (1, "24691357802469135780.246913578024691356")):
            with self.subTest(most):
                point = read_points(self.series, *TEN_HOURS, most=most).rows[0]

                self.assertEqual([plain(point.volume), plain(point.quote_volume)], [said] * 2)

    def test_many_are_thinned_and_keep_highs_lows_and_volumes(self):
        self.write(0, open="9.5")
        self.write(1, high="99.000000000000000001", low="1")
        self.write(2, 3, close="8.5")

        found = read_points(self.series, *TEN_HOURS, most=1)

        (point,) = found.rows
        self.assertEqual((found.per_point, point.count), (4, 4))
        self.assertEqual(
            [plain(n) for n in (point.open, point.high, point.low, point.close, point.volume)],
            ["9.5", "99.000000000000000001", "1", "8.5", "48"],
        )

    def test_no_point_reaches_over_a_gap(self):
        self.write(0, 1, 8, 9)

        found = read_points(self.series, *TEN_HOURS, most=2)

        self.assertEqual([(p.opened_at, p.count) for p in found.rows],
                         [(NOON, 2), (NOON + 8 * HOUR, 2)])  # fmt: skip

    def test_a_volume_in_quote_currency_that_is_not_told_once_is_not_told(self):
        self.write(0, quote_volume="5")
        self.write(1)

        (point,) = read_points(self.series, *TEN_HOURS, most=1).rows

        self.assertIsNone(point.quote_volume)

    def test_adjusted_points_are_exact(self):
        self.write(0, 1, 2)
        for turn, price in ((1, "0.5"), (2, "0.1")):
            CorporateAction.objects.create(
                instrument=self.series.instrument, kind="split", source="test", price_factor=price,
                effective_at=NOON + turn * HOUR, volume_factor=1 / Decimal(price),
            )  # fmt: skip

        found = read_points(self.series, *TEN_HOURS, most=9, is_adjusted=True)

        self.assertEqual(
            [(plain(p.close), plain(p.volume)) for p in found.rows],
            [("0.5", "240"), ("1", "120"), ("10", "12")],
        )

    def test_a_window_of_too_many_candles_is_refused(self):
        self.write(0, 1, 2)

        with pytest.MonkeyPatch.context() as patch, self.assertRaises(TooManyCandles):
            patch.setattr(points, "MOST_READ", 2)
            read_points(self.series, *TEN_HOURS, most=9)


@pytest.mark.parametrize(
    ("number", "text"),
    [("12.000", "12"), ("1E+3", "1000"), ("0.10", "0.1"), ("0", "0"), ("100", "100")],
)
def test_numbers_are_written_without_what_says_nothing(number: str, text: str):
    assert plain(Decimal(number)) == text
