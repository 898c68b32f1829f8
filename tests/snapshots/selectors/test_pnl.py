from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import TestCase

from snapshots.answers.telling import of_split
from snapshots.models import Account, Flow, Portfolio, Snapshot
from snapshots.performance.periods import Period
from snapshots.performance.returns import chained
from snapshots.performance.split import Split
from snapshots.selectors.curve import read_ends
from snapshots.selectors.measures import read_performance
from snapshots.selectors.pnl import read_pnl
from snapshots.selectors.positions import explain, read_positions
from snapshots.selectors.scope import find_scope
from tests.factories import make_user
from tests.snapshots.curves import MONDAY, days, end, make_tracked, put, quarter

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # Wednesday
EURO = {"path": "a.csv", "usd_rate": {"rate": "2", "at": "2026-03-02", "source": "ECB"}}
IN_EURO = {
    "reporting_currency": "EUR", "fx_rate": 2, "fx_at": NOON, "fx_source": "ECB",
}  # fmt: skip


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

    def test_an_end_of_day_that_was_taken_before_it_does_not_count_yet(self):
        end(self.account, NOON.date(), 50)  # by hand, in the morning
        quarter(self.account, NOON, 121)

        self.assertEqual(self.pnl(now=NOON).amount, 11)
        self.assertEqual(self.pnl(now=NOON + DAY).amount, -60)

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

    def test_transfer_that_takes_days_is_neither_a_loss_nor_a_gain(self):
        other = make_tracked(self.owner, name="Other")
        days(other, [10, 10])
        for n, (one, two) in enumerate(((60, 10), (60, 10), (60, 59)), start=2):
            days(self.account, [one], first=MONDAY + n * DAY)
            days(other, [two], first=MONDAY + n * DAY)
        flow(self.account, -50, is_internal=True)
        flow(other, 49, at=NOON + 2 * DAY, is_internal=True)  # less a fee

        found = read_performance(find_scope(self.owner)).changes

        self.assertEqual([one.gain for one in found], [10, 0, 0, -1])
        whole = self.pnl(Period.INCEPTION)
        self.assertEqual((whole.amount, whole.ratio), (9, chained(one.ratio for one in found)))

    def test_transfer_that_was_entered_once_only_is_none(self):
        other = make_tracked(self.owner, name="Other")
        days(other, [10, 10])
        quarter(self.account, NOON, 60)
        quarter(other, NOON, 60)
        flow(other, 50, is_internal=True)

        self.assertEqual(self.pnl().amount, 0)

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

    def test_flow_of_an_account_counts_once_its_value_has_it(self):
        house = make_tracked(self.owner, name="House", wants_intraday=False)
        days(house, [1000, 1000])
        quarter(self.account, NOON, 110)
        flow(house, 200)

        before = self.pnl().amount
        days(self.account, [110], first=MONDAY + 2 * DAY)
        days(house, [1200], first=MONDAY + 2 * DAY)

        self.assertEqual((before, self.pnl().amount), (0, 0))

    def test_account_that_was_closed_takes_its_value_along_once(self):
        for is_internal, value in ((True, 160), (False, 110)):
            old = make_tracked(self.owner, name=f"Old {is_internal}", wants_intraday=False)
            days(old, [50, 50])
            Account.objects.filter(pk=old.pk).update(wants_eod=False)
            flow(old, -50, is_internal=is_internal)  # after its last snapshot
            if is_internal:
                flow(self.account, 50, is_internal=True)
            Snapshot.objects.filter(kind="intraday").delete()
            quarter(self.account, NOON, value)

            self.assertEqual(self.pnl().amount, 0, is_internal)
            Flow.objects.all().delete()
            Snapshot.objects.filter(account=old).delete()

    def test_transfer_to_an_account_that_is_not_looked_at_is_a_flow(self):
        for name in ("Second", "Third"):
            days(make_tracked(self.owner, name=name, source="manual", settings={}), [10, 10])
        second = Account.objects.get(name="Second")
        for account in Account.objects.exclude(pk=self.account.pk):
            quarter(account, NOON, 60 if account == second else 10)
        quarter(self.account, NOON, 60)
        flow(self.account, -50, is_internal=True)
        flow(second, 50, is_internal=True)

        amounts = [self.pnl(**of).amount for of in ({}, {"source": "manual"})]

        self.assertEqual(amounts, [0, 0])

    def test_baseline_is_found_however_long_nothing_was_accepted(self):
        for n in range(2, 20):
            end(self.account, MONDAY + n * DAY, 115, status="carried")
        quarter(self.account, NOON + 18 * DAY, 121)

        self.assertEqual(self.pnl().baseline.business_date, MONDAY + DAY)

    def test_flow_of_the_first_day_is_told_in_the_reporting_currency(self):
        new = make_tracked(make_user(), currency="EUR", settings=EURO)
        Portfolio.objects.create(owner=new.owner, reporting_currency="EUR")
        for n, value in enumerate((100, 160)):
            quarter(new, NOON + n * timedelta(minutes=15), value, **IN_EURO)
        flow(new, 120, at=NOON + timedelta(minutes=5))  # of USD

        (pnl,) = read_pnl(find_scope(new.owner), [Period.INTERVAL])

        self.assertEqual((pnl.flow, pnl.amount), (60, 0))

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
    def test_account_that_left_is_explained_up_to_then_and_gone_afterwards(self):
        account = make_tracked()
        old = make_tracked(account.owner, name="Old", wants_intraday=False)
        for one, prices in ((account, [100, 110, 110]), (old, [100, 110])):
            for snapshot, price in zip(days(one, prices), prices, strict=True):
                put(snapshot, one.name, 1, price)
        Account.objects.filter(pk=old.pk).update(wants_eod=False)
        scope = find_scope(account.owner)
        first, *_, last = [one.point for one in read_ends(scope)]

        split = explain(scope, first, last).split
        now = read_positions(scope, last.at)

        self.assertEqual((split.price, split.flow, split.unexplained), (20, -110, 0))
        self.assertEqual([row.ticker for row, _ in now.positions], ["Main"])
        self.assertEqual(now.total, 110)

    def test_what_is_told_adds_up_to_the_last_digit(self):
        third = Decimal(1) / 3

        told = of_split(Split(price=third, fx=third, cross=third))

        parts = [Decimal(told[name]) for name in ("price", "fx", "cross", "flow", "unexplained")]
        self.assertEqual(sum(parts), Decimal(told["total"]))

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
