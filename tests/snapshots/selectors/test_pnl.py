from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import TestCase

from snapshots.models import Flow, Snapshot
from snapshots.performance.periods import Period
from snapshots.selectors.pnl import read_pnl
from snapshots.selectors.positions import explain, read_positions
from snapshots.selectors.scope import find_scope
from tests.factories import make_user
from tests.snapshots.curves import MONDAY, days, end, make_tracked, put, quarter

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # Wednesday


def flow(account, amount, at=NOON - timedelta(hours=1), **values):
    Flow.objects.record(account=account, at=at, amount=Decimal(amount), **values)


class PnlTests(TestCase):
    def setUp(self):
        self.account = make_tracked()
        self.owner = self.account.owner
        days(self.account, [100, 110])  # Monday and Tuesday

    def pnl(self, period=Period.TODAY, **options):
        (found,) = read_pnl(find_scope(self.owner, **options), [period])
        return found

    def test_today_is_against_the_last_end_of_a_day(self):
        quarter(self.account, NOON, 121)

        pnl = self.pnl()

        self.assertEqual((pnl.amount, pnl.ratio), (11, Decimal("0.1")))
        self.assertEqual(pnl.baseline.business_date, MONDAY + DAY)

    def test_baseline_that_is_not_yesterday_is_named(self):
        quarter(self.account, NOON + 2 * DAY, 121)

        pnl = self.pnl()

        self.assertEqual(pnl.baseline.business_date, MONDAY + DAY)
        self.assertEqual(pnl.amount, 11)

    def test_deposit_is_no_gain(self):
        quarter(self.account, NOON, 171)
        flow(self.account, 50)

        pnl = self.pnl()

        self.assertEqual((pnl.amount, pnl.flow, pnl.label), (11, 50, "P&L"))

    def test_transfer_between_own_accounts_is_no_pnl_of_the_portfolio(self):
        other = make_tracked(self.owner, name="Other")
        days(other, [10, 10])
        quarter(self.account, NOON, 60)
        quarter(other, NOON, 60)
        flow(self.account, -50, is_internal=True)
        flow(other, 50, is_internal=True)

        amounts = [self.pnl(**of).amount for of in ({}, {"account_id": other.pk})]

        self.assertEqual(amounts, [0, 0])

    def test_account_that_joins_brings_its_value_along(self):
        quarter(self.account, NOON, 110)
        quarter(make_tracked(self.owner, name="New"), NOON, 500)

        pnl = self.pnl()

        self.assertEqual((pnl.now.value, pnl.amount, pnl.flow), (610, 0, 500))

    def test_account_that_own_accounts_filled_brings_nothing_along(self):
        new = make_tracked(self.owner, name="New")
        quarter(self.account, NOON, 60)
        quarter(new, NOON, 50)
        flow(self.account, -50, is_internal=True)
        flow(new, 50, is_internal=True)

        self.assertEqual(self.pnl().amount, 0)

    def test_unknown_flows_make_a_value_change(self):
        self.account.flows_known_since = None
        self.account.save()
        quarter(self.account, NOON, 121)

        pnl = self.pnl()

        self.assertEqual((pnl.label, pnl.amount, pnl.ratio), ("Value change", 11, None))

    def test_since_inception_chains_all_days(self):
        quarter(self.account, NOON, 121)

        pnl = self.pnl(Period.INCEPTION)

        self.assertEqual((pnl.amount, pnl.ratio), (21, Decimal("0.21")))

    def test_year_reaches_back_to_the_old_year(self):
        end(self.account, MONDAY.replace(year=2025, month=12, day=30), 80)

        pnl = self.pnl(Period.YEAR)

        self.assertEqual((pnl.baseline.value, pnl.amount), (80, 30))

    def test_nothing_is_told_of_a_portfolio_without_snapshots(self):
        self.assertEqual(read_pnl(find_scope(make_user()), [Period.TODAY]), [])

    def test_today_takes_few_queries_however_long_the_past_is(self):
        quarter(self.account, NOON, 121)

        with self.assertNumQueries(5):  # currency, accounts, quarters, ends, flows
            self.pnl()


class ExplainTests(TestCase):
    def test_splits_what_happened_and_names_the_movers(self):
        account = make_tracked()
        before, after = days(account, [300, 390])
        for snapshot, btc, sol in ((before, 100, 200), (after, 120, 220)):
            put(snapshot, "BTC", 1, btc)
            put(snapshot, "SOL", 2, sol)
        put(after, "USD", 50, 50, kind="currency")
        flow(account, 50, at=after.slot_at)
        scope = find_scope(account.owner)
        (pnl,) = read_pnl(scope, [Period.TODAY])

        found = explain(scope, pnl.baseline, pnl.now)

        self.assertEqual(
            (found.split.price, found.split.flow, found.split.unexplained), (40, 50, 0)
        )
        self.assertEqual([one.key for one in found.movers], ["BTC", "SOL", "USD"])

    def test_money_of_another_currency_moves_by_its_rate(self):
        account = make_tracked()
        before, after = days(account, [108, 110])
        put(before, "EUR", 100, 108, kind="currency")
        put(after, "EUR", 100, 110, kind="currency")
        scope = find_scope(account.owner)
        (pnl,) = read_pnl(scope, [Period.TODAY])

        split = explain(scope, pnl.baseline, pnl.now).split

        self.assertEqual((split.price, round(split.fx, 6), split.cross), (0, 2, 0))

    def test_nothing_is_explained_where_positions_are_not_kept(self):
        account = make_tracked()
        before, after = days(account, [100, 110])
        put(after, "BTC", 1, 110)
        put(before, "BTC", 1, 100)
        before.positions.all().delete()
        Snapshot.objects.filter(pk=before.pk).update(position_count=0)  # as one that is backfilled
        scope = find_scope(account.owner)
        (pnl,) = read_pnl(scope, [Period.TODAY])

        self.assertIsNone(explain(scope, pnl.baseline, pnl.now))
        self.assertEqual(len(read_positions(scope, after.slot_at).positions), 1)
