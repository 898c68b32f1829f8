from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import TestCase

from prices.gaps import find_gaps
from prices.store import Series, write_candles
from tests.prices.factories import make_candle, make_instrument

THURSDAY = datetime(2026, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)


class GapTests(TestCase):
    def setUp(self) -> None:
        self.stock = make_instrument(
            venue="kis", market="KOSPI", venue_id="005930", symbol="005930", kind="stock"
        )
        self.series = Series(self.stock, "1d")

    def gaps(self, until: int) -> list[tuple[int, int]]:
        """Return the gaps of so many days from Thursday on, in days after it."""
        found = find_gaps(self.series, THURSDAY, THURSDAY + until * DAY)
        return [((start - THURSDAY) // DAY, (end - THURSDAY) // DAY) for start, end in found]

    def test_a_weekend_is_no_gap(self):
        for day in (0, 1, 4):
            make_candle(self.stock, opened_at=THURSDAY + day * DAY, is_final=True)

        self.assertEqual(self.gaps(until=5), [])

    def test_what_was_never_asked_for_reaches_over_the_weekend(self):
        make_candle(self.stock, opened_at=THURSDAY, is_final=True)
        make_candle(self.stock, opened_at=THURSDAY + 5 * DAY, is_final=True)

        self.assertEqual(self.gaps(until=7), [(1, 5), (6, 7)])

    def test_years_of_minutes_that_nobody_asked_for_are_one_gap(self):
        minutes = Series(self.stock, "1m")
        since, until = datetime(1990, 1, 1, tzinfo=UTC), THURSDAY + 2 * DAY
        opens, closes = THURSDAY, THURSDAY + timedelta(hours=6, minutes=30)
        for at in (opens, opens + timedelta(minutes=2)):
            make_candle(self.stock, interval="1m", opened_at=at, is_final=True)

        before, between, after = find_gaps(minutes, since, until)

        self.assertEqual(before[1], THURSDAY - DAY + timedelta(hours=6, minutes=30))
        self.assertEqual(between[1] - between[0], timedelta(minutes=1))
        self.assertEqual(after, (opens + timedelta(minutes=3), closes + DAY))

    def test_what_the_venue_has_answered_for_is_no_gap(self):
        asked = (THURSDAY, THURSDAY + 2 * DAY)
        write_candles(self.series, [], fetched_at=THURSDAY + 3 * DAY, asked=asked)

        self.assertEqual(self.gaps(until=5), [(4, 5)])

    def test_where_trading_never_stops_all_that_nobody_asked_for_is_a_gap(self):
        coin = make_instrument()
        make_candle(coin, opened_at=THURSDAY, is_final=True)
        window = (THURSDAY, THURSDAY + 3 * DAY)

        self.assertEqual(find_gaps(Series(coin, "1d"), *window), [window])
