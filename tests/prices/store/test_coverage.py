from __future__ import annotations

from datetime import datetime, timedelta

from django.test import TestCase

from prices.models import Coverage
from prices.store import Series, answered_until, forget, gaps, known_since
from prices.store.coverage import cover
from tests.prices.factories import NOON, make_candle, make_instrument


def at(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


class CoverageTests(TestCase):
    def setUp(self) -> None:
        self.series = Series(make_instrument(), "1h")

    def cover(self, *windows: tuple[int, int]) -> None:
        for start, end in windows:
            cover(self.series, at(start), at(end))

    def assert_covered(self, *windows: tuple[int, int]) -> None:
        found = Coverage.objects.order_by("starts_at").values_list("starts_at", "ends_at")
        self.assertEqual(list(found), [(at(start), at(end)) for start, end in windows])

    def assert_gaps(self, *windows: tuple[int, int]) -> None:
        found = gaps(self.series, at(0), at(10))
        self.assertEqual(found, [(at(start), at(end)) for start, end in windows])

    def test_grows_by_what_meets_it(self):
        self.cover((0, 2), (2, 4))

        self.assert_covered((0, 4))

    def test_fills_what_lies_between(self):
        self.cover((0, 2), (6, 8), (1, 7))

        self.assert_covered((0, 8))

    def test_stays_apart_where_nobody_asked(self):
        self.cover((0, 2), (3, 4))

        self.assert_covered((0, 2), (3, 4))

    def test_stays_as_it_is_when_asked_again(self):
        self.cover((0, 8))
        [before] = Coverage.objects.values_list("pk", flat=True)

        self.cover((2, 4), (0, 8))

        self.assertEqual(Coverage.objects.get().pk, before)

    def test_of_nothing_is_none(self):
        self.cover((2, 2), (3, 1))

        self.assert_covered()

    def test_leaves_gaps_around_it(self):
        self.cover((-2, 1), (3, 4), (9, 12))

        self.assert_gaps((1, 3), (4, 9))

    def test_without_any_is_one_gap(self):
        self.assert_gaps((0, 10))

    def test_of_all_leaves_no_gap(self):
        self.cover((-1, 11))

        self.assert_gaps()

    def test_of_another_interval_counts_not(self):
        cover(Series(self.series.instrument, "4h"), at(0), at(10))

        self.assert_gaps((0, 10))

    def test_forgets_one_series_only(self):
        other = Series(self.series.instrument, "1d")
        cover(other, at(0), at(24))
        self.cover((0, 2), (3, 4))

        forget(self.series)

        self.assert_gaps((0, 10))
        self.assertEqual(gaps(other, at(0), at(24)), [])

    def test_knows_until_when_it_was_answered(self):
        self.assertIsNone(answered_until(self.series))
        self.cover((0, 2), (4, 6))

        found = [answered_until(self.series, before) for before in (None, at(5), at(2), at(1))]

        self.assertEqual(found, [at(6), at(2), at(2), None])

    def test_a_series_begins_with_its_first_window_or_candle(self):
        self.assertIsNone(known_since(self.series))
        self.cover((2, 4))
        self.assertEqual(known_since(self.series), at(2))
        make_candle(self.series.instrument, interval="1h", opened_at=at(1))

        self.assertEqual(known_since(self.series), at(1))
