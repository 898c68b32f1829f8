from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import TestCase

from prices.freshness import Freshness, State, read_freshness, tally_freshness
from prices.models import Instrument
from prices.store import Series, write_candles
from tests.prices.factories import make_candle, make_instrument

FRIDAY = datetime(2026, 3, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def stock(**overrides: Any) -> Instrument:
    return make_instrument(venue="kis", market="KOSPI", kind="stock", **overrides)


def answered(instrument: Instrument, interval: str, until: datetime) -> None:
    """Let the venue have answered for a month, without a candle."""
    series = Series(instrument, interval)
    write_candles(series, [], fetched_at=until, asked=(until - 30 * DAY, until))


def freshness(instrument: Instrument, interval: str, now: datetime) -> Freshness:
    rows = Instrument.objects.filter(pk=instrument.pk)
    return read_freshness(rows, [interval], now=now)[instrument.pk][interval]


class FreshnessTests(TestCase):
    def test_what_nobody_ever_asked_for_is_known_never(self):
        self.assertEqual(
            freshness(make_instrument(), "1h", FRIDAY), Freshness(State.NEVER, None, timedelta())
        )

    def test_a_stock_grows_no_older_over_a_weekend(self):
        samsung = stock()
        make_candle(samsung, opened_at=FRIDAY, is_final=True)

        sunday, tuesday = FRIDAY + 2 * DAY, FRIDAY + 4 * DAY

        self.assertEqual(freshness(samsung, "1d", sunday).late, timedelta())
        # Monday's candle was over on Monday evening; since then nothing was traded.
        self.assertEqual(freshness(samsung, "1d", tuesday).state, State.FRESH)
        late = freshness(samsung, "1d", tuesday + 4 * HOUR)
        self.assertEqual((late.state, late.late), (State.LATE, 4 * HOUR))
        self.assertEqual(freshness(samsung, "1d", tuesday + 4 * DAY).state, State.STALE)

    def test_crypto_is_late_by_the_clock(self):
        coin = make_instrument()
        answered(coin, "1h", FRIDAY)

        states = [freshness(coin, "1h", FRIDAY + hours * HOUR) for hours in (1.5, 2, 4, 5)]

        self.assertEqual(
            [(str(one.state), one.late / HOUR) for one in states],
            [("fresh", 0.5), ("late", 1), ("late", 3), ("stale", 4)],
        )

    def test_what_was_answered_counts_where_nothing_was_traded(self):
        coin = make_instrument()
        make_candle(coin, interval="1h", opened_at=FRIDAY - DAY, is_final=True)
        answered(coin, "1h", FRIDAY)

        self.assertEqual(freshness(coin, "1h", FRIDAY).known_until, FRIDAY)

    def test_an_unfinished_candle_makes_nothing_fresh(self):
        coin = make_instrument()
        make_candle(coin, interval="1h", opened_at=FRIDAY - DAY, is_final=True)
        make_candle(coin, interval="1h", opened_at=FRIDAY, is_final=False)

        self.assertEqual(freshness(coin, "1h", FRIDAY).known_until, FRIDAY - DAY + HOUR)

    def test_one_statement_reads_all_instruments_and_intervals(self):
        for number in range(20):
            answered(make_instrument(venue_id=f"{number}"), "1h", FRIDAY)
        stock()

        with self.assertNumQueries(1):
            found = read_freshness(Instrument.objects.all(), ["1h", "1d"], now=FRIDAY)

        self.assertEqual(len(found), 21)

    def test_the_tally_is_of_what_was_asked_for_and_is_listed(self):
        answered(make_instrument(), "1h", FRIDAY)
        answered(make_instrument(), "1h", FRIDAY - DAY)
        make_instrument(is_tracked=True)
        make_instrument()
        answered(make_instrument(state="delisted", delisted_on=FRIDAY), "1h", FRIDAY - DAY)
        stock()

        with self.assertNumQueries(3):  # venues with intervals, freshness, venues of instruments
            (tally,) = tally_freshness(now=FRIDAY)

        self.assertEqual((tally.venue, tally.interval), ("upbit", "1h"))
        self.assertEqual(tally.counts, {State.FRESH: 1, State.STALE: 1, State.NEVER: 1})
