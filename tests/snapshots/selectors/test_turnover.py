from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from django.test import TestCase

from snapshots.answers.summaries import metrics
from snapshots.performance.periods import Period
from snapshots.selectors.scope import find_scope
from tests.snapshots.curves import MONDAY, days, end, make_tracked, put, quarter


class TurnoverTests(TestCase):
    """Each day there are coins of 75, of 25 a unit, and 25 in cash."""

    def setUp(self):
        self.account = make_tracked()

    def fill(self, snapshot, btc):
        put(snapshot, "BTC", btc, btc * 25, location="Kraken")
        put(snapshot, "ETH", 3 - btc, 75 - btc * 25)
        put(snapshot, "USD", 25, 25, kind="currency")

    def turnover(self, period=None):
        return metrics(find_scope(self.account.owner), period)["turnover"]

    def test_is_the_lesser_of_bought_and_sold_of_the_average_value(self):
        for snapshot, btc in zip(days(self.account, [100, 100, 100]), (2, 1, 2), strict=True):
            self.fill(snapshot, btc)

        self.assertEqual(self.turnover()["value"], 0.5)

    def test_of_a_period_begins_at_its_baseline_and_ends_now(self):
        ends = days(self.account, [100, 100, 100], first=MONDAY - timedelta(days=2))
        now = quarter(self.account, ends[-1].slot_at + timedelta(hours=12), 100)
        for snapshot, btc in zip((*ends, now), (2, 1, 1, 2), strict=True):
            self.fill(snapshot, btc)

        found = {one: self.turnover(one)["value"] for one in (Period.WEEK, Period.TODAY, None)}

        self.assertEqual(found, {Period.WEEK: 0.25, Period.TODAY: 0.25, None: 0.25})

    def test_of_today_has_each_account_as_it_is_now_also_where_its_day_is_over(self):
        seoul = make_tracked(self.account.owner, name="Seoul", timezone="Asia/Seoul")
        tuesday = MONDAY + timedelta(days=1)
        before = [end(one, MONDAY, 100) for one in (self.account, seoul)]
        over = end(seoul, tuesday, 100)
        now = quarter(self.account, over.slot_at + timedelta(minutes=16), 100)
        for snapshot, btc in ((before[0], 2), (before[1], 2), (over, 2), (now, 1)):
            self.fill(snapshot, btc)

        found = self.turnover(Period.TODAY)

        self.assertEqual((found["value"], found["note"]), (0.125, ""))

    def test_a_period_without_a_baseline_has_none_and_says_why(self):
        days(self.account, [100])

        found = self.turnover(Period.YEAR)

        self.assertEqual((found["value"], found["reason"][:23]), (None, "No end of a day before "))

    def test_a_day_whose_positions_nobody_knows_is_no_sale(self):
        first, _, last = days(self.account, [100, 100, 100])
        self.fill(first, 2)
        self.fill(last, 1)

        found = self.turnover()

        self.assertEqual((found["value"], found["note"][:11]), (0.25, "Of 1 of 3 d"))

    def test_of_fewer_than_two_known_days_is_not_guessed(self):
        for first in days(self.account, [100, 100])[:1]:
            self.fill(first, 2)

        self.assertIn("Of Main (cointracking) the positions", self.turnover()["reason"])

    def test_what_moves_between_own_accounts_or_places_is_not_traded(self):
        other = make_tracked(self.account.owner, name="Other")
        for number, snapshot in enumerate(days(self.account, [100, 100])):
            put(snapshot, "BTC", 4 - 2 * number, 100 - 50 * number, location=str(number))
        for number, snapshot in enumerate(days(other, [100, 100])):
            put(snapshot, "BTC", 4 + 2 * number, 100 + 50 * number)

        self.assertEqual(self.turnover()["value"], 0.0)

    def test_an_account_that_joins_buys_nothing(self):
        for snapshot in days(self.account, [100, 100]):
            self.fill(snapshot, 2)
        other = make_tracked(self.account.owner, name="Other")
        self.fill(end(other, MONDAY + timedelta(days=1), 100), 2)

        self.assertEqual(self.turnover()["value"], 0.0)

    def test_too_many_positions_are_not_read(self):
        for snapshot in days(self.account, [100, 100]):
            self.fill(snapshot, 2)

        with patch("snapshots.selectors.turnover.MOST", 5):
            self.assertIn("6 positions", self.turnover()["reason"])
