"""Two accounts whose days end at other hours: in Zurich at 22:59Z, in Seoul at 14:59Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import TestCase

from snapshots.models import Flow
from snapshots.performance.periods import Period
from snapshots.selectors.curve import read_ends, read_quarters
from snapshots.selectors.measures import read_performance
from snapshots.selectors.pnl import read_pnl
from snapshots.selectors.positions import explain
from snapshots.selectors.scope import find_scope
from tests.snapshots.curves import MONDAY, days, end, make_tracked, put, quarter

DAY = timedelta(days=1)
NIGHT = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)  # Tuesday: 17:00 in Zurich, 01:00 in Seoul


class TwoZonesTests(TestCase):
    def setUp(self):
        self.zurich = make_tracked(name="Zurich")
        self.owner = self.zurich.owner
        self.seoul = make_tracked(self.owner, name="Seoul", timezone="Asia/Seoul")

    def scope(self):
        return find_scope(self.owner)

    def test_flow_after_the_end_of_a_day_is_one_of_the_next_day(self):
        days(self.zurich, [100, 100, 100])
        days(self.seoul, [50, 50, 80])
        Flow.objects.record(account=self.seoul, at=NIGHT, amount=30)

        found = read_performance(self.scope())

        self.assertEqual([one.gain for one in found.returns], [0, 0])
        self.assertEqual([one.ratio for one in found.returns], [0, 0])

    def test_account_that_has_night_stands_with_its_last_end_of_a_day(self):
        days(self.zurich, [100])
        days(self.seoul, [50, 55])
        quarter(self.zurich, NIGHT, 110)

        (point,) = read_quarters(self.scope(), since=MONDAY + DAY)
        (pnl,) = read_pnl(self.scope(), [Period.TODAY])

        self.assertEqual((point.value, point.is_carried), (165, False))
        self.assertEqual((pnl.amount, pnl.baseline.business_date), (15, MONDAY))

    def test_day_that_is_not_over_everywhere_is_no_gap_yet(self):
        days(self.zurich, [100])
        days(self.seoul, [50, 55])
        counts = []

        for at in (NIGHT, NIGHT + timedelta(hours=15)):
            quarter(self.zurich, at, 110)
            counts.append([one.value for one in read_ends(self.scope())])

        self.assertEqual(counts, [[150], [150, None]])

    def test_instant_that_is_of_two_days_is_of_the_day_of_the_first_account(self):
        days(self.zurich, [100])
        late = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # 07:30 on Wednesday in Seoul
        days(self.seoul, [50])
        quarter(self.zurich, late, 110)
        quarter(self.seoul, late, 50)

        (pnl,) = read_pnl(self.scope(), [Period.TODAY])

        self.assertEqual((pnl.now.business_date, pnl.now.value), (MONDAY + DAY, 160))
        self.assertEqual((pnl.amount, pnl.baseline.business_date), (10, MONDAY))

    def test_account_that_joins_after_its_end_of_a_day_leaves_no_gap(self):
        days(self.zurich, [100, 100, 100])
        quarter(self.seoul, NIGHT, 50)
        end(self.seoul, MONDAY + 2 * DAY, 50)

        ends = read_ends(self.scope())

        self.assertEqual([one.value for one in ends], [100, 100, 150])

    def test_positions_are_those_that_the_value_is_made_of(self):
        for snapshot, price in zip(days(self.zurich, [100, 110]), (100, 110), strict=True):
            put(snapshot, "BTC", 1, price)
        for snapshot in days(self.seoul, [50, 50]):
            put(snapshot, "XRP", 50, 50)
        put(quarter(self.seoul, NIGHT + timedelta(hours=6), 70), "XRP", 50, 70)
        first, last = [one.point for one in read_ends(self.scope())]

        split = explain(self.scope(), first, last).split

        self.assertEqual((split.price, split.unexplained, split.total), (10, 0, 10))
