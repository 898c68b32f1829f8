from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import TestCase

from snapshots.models import Account, Flow, Snapshot
from snapshots.performance.irr import xirr
from snapshots.selectors.curve import read_ends
from snapshots.selectors.measures import read_performance, read_standings
from snapshots.selectors.scope import NoPortfolio, find_scope
from tests.factories import make_user
from tests.snapshots.curves import MONDAY, days, end, make_tracked, put

DAY = timedelta(days=1)


class PerformanceTests(TestCase):
    def setUp(self):
        self.account = make_tracked()

    def read(self):
        return read_performance(find_scope(self.account.owner))

    def test_flows_are_taken_out_of_the_returns(self):
        ends = days(self.account, [100, 210, 231])
        Flow.objects.record(account=self.account, at=ends[1].slot_at, amount=Decimal(100))

        found = self.read()

        self.assertEqual([one.ratio for one in found.returns], [Decimal("0.05"), Decimal("0.1")])
        self.assertAlmostEqual(found.measures.total.value, 0.155)

    def test_gap_is_no_day_of_zero(self):
        days(self.account, [100, None, 110])

        (one,) = self.read().returns

        self.assertEqual((one.days, one.ratio), (2, Decimal("0.1")))

    def test_unknown_flows_leave_changes_and_no_measure(self):
        self.account.flows_known_since = None
        self.account.save()
        days(self.account, [100, 110])

        found = self.read()

        self.assertIn("Flows are not known", found.reason)
        self.assertEqual((len(found.returns), found.changes[0].gain), (0, 10))
        self.assertIsNone(found.measures.total.value)

    def test_standings_come_from_positions(self):
        for snapshot, btc in zip(days(self.account, [100, 100]), (2, 1), strict=True):
            put(snapshot, "BTC", btc, btc * 25)
            put(snapshot, "ETH", 5 - btc, 75 - btc * 25, kind="coin")
            put(snapshot, "USD", 25, 25, kind="currency")

        scope = find_scope(self.account.owner)
        ends = read_performance(scope).ends
        found = read_standings(scope, ends)

        self.assertEqual(found.exposure.value, 0.75)
        self.assertEqual(found.concentration.value, 0.375)

    def test_nothing_stands_on_positions_that_nobody_knows(self):
        ends = days(self.account, [100, 100])
        Snapshot.objects.filter(pk=ends[-1].pk).update(status="backfilled")

        scope = find_scope(self.account.owner)
        found = read_standings(scope, read_performance(scope).ends)

        self.assertEqual((found.exposure.value, found.concentration.value), (None, None))
        self.assertIn("only the total is known", found.exposure.reason)

    def test_standings_are_those_of_now_also_when_nothing_is_taken_any_more(self):
        (snapshot,) = days(self.account, [100])
        put(snapshot, "BTC", 1, 100)
        Account.objects.update(wants_eod=False, wants_intraday=False)
        scope = find_scope(self.account.owner)

        self.assertEqual(read_standings(scope, read_ends(scope)).exposure.value, 1)

    def test_money_weighted_return_counts_days_of_the_accounts_zone(self):
        days(self.account, [100, 201, 202])
        after_midnight = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # of Tuesday in Zurich
        Flow.objects.record(account=self.account, at=after_midnight, amount=Decimal(100))

        found = self.read().money_weighted

        paid = [(MONDAY, -100), (MONDAY + DAY, -100), (MONDAY + 2 * DAY, 202)]
        self.assertAlmostEqual(found.value, xirr(paid)[0])

    def test_money_weighted_return_says_why_there_is_none(self):
        days(self.account, [100])
        end(self.account, MONDAY + DAY, 0)

        self.assertEqual(self.read().money_weighted.reason, "Nothing of it came back or is left.")


class ScopeTests(TestCase):
    def test_is_ones_own_unless_staff(self):
        owner = make_tracked().owner
        stranger, staff = make_user(), make_user(is_staff=True)

        for named in (str(owner.pk), owner.get_username()):
            self.assertEqual(len(find_scope(staff, user_id=named).members), 1)
        for missing in (str(owner.pk), owner.get_username(), str(10**9), str(10**30), "nobody"):
            with pytest.raises(NoPortfolio, match="whose portfolio you may see"):
                find_scope(stranger, user_id=missing)
