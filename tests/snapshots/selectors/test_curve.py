from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import TestCase

from snapshots.models import Snapshot
from snapshots.selectors.curve import read_ends, read_quarters
from snapshots.selectors.scope import find_scope
from tests.snapshots.curves import MONDAY, days, end, make_tracked, quarter

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


class EndsTests(TestCase):
    def setUp(self):
        self.account = make_tracked()
        self.owner = self.account.owner

    def ends(self, **options):
        return read_ends(find_scope(self.owner, **options))

    def values(self):
        return [one.value for one in self.ends()]

    def test_are_the_sums_of_all_accounts(self):
        days(self.account, [100, 110])
        days(make_tracked(self.owner, name="Other"), [50, 40])

        self.assertEqual(self.values(), [150, 150])

    def test_have_a_gap_where_one_account_has_nothing_that_counts(self):
        days(self.account, [100, 110, 120])
        days(make_tracked(self.owner, name="Other"), [50, None, 60])

        gap = self.ends()[1]

        self.assertEqual((gap.value, gap.missing), (None, ("Other (cointracking)",)))

    def test_have_a_gap_for_a_day_that_nobody_wrote_down(self):
        end(self.account, MONDAY, 100)
        end(self.account, MONDAY + timedelta(days=2), 120)

        self.assertEqual(self.values(), [100, None, 120])

    def test_suspect_and_missed_ones_are_gaps(self):
        for n, status in enumerate(("accepted", "suspect", "missed", "failed")):
            end(self.account, MONDAY + timedelta(days=n), 100, status=status)

        self.assertEqual(self.values(), [100, None, None, None])

    def test_carried_ones_are_marked(self):
        days(self.account, [100])
        end(make_tracked(self.owner, name="Other"), MONDAY, 5, status="carried")

        self.assertEqual([(one.value, one.is_carried) for one in self.ends()], [(105, True)])

    def test_a_sum_is_as_good_as_the_least_of_its_accounts(self):
        other = make_tracked(self.owner, name="Other")
        for n, status in enumerate(("accepted", "manual", "backfilled", "carried")):
            end(self.account, MONDAY + n * DAY, 100, status=status)
            end(other, MONDAY + n * DAY, 10, status="backfilled" if n == 3 else "accepted")

        found = [
            (one.status, one.point.is_accepted, one.point.is_backfilled) for one in self.ends()
        ]

        self.assertEqual(
            found,
            [("accepted", True, False), ("manual", True, False), ("backfilled", True, True),
             ("carried", False, False)],
        )  # fmt: skip

    def test_are_not_missing_before_an_account_joined_or_after_it_left(self):
        days(self.account, [100, 110, 120, 130])
        days(make_tracked(self.owner, name="New"), [50], first=MONDAY + timedelta(days=3))
        days(make_tracked(self.owner, name="Old", wants_eod=False, wants_intraday=False), [9, 9])

        self.assertEqual(self.values(), [109, 119, 120, 180])

    def test_in_another_reporting_currency_are_gaps(self):
        days(self.account, [100, 110])
        Snapshot.objects.filter(business_date=MONDAY).update(
            reporting_currency="EUR", reporting_rate=Decimal("0.9"), total_reporting=90,
            reporting_at=NINE, reporting_source="ECB",
        )  # fmt: skip

        ends = [[one.value for one in self.ends(currency=name)] for name in ("EUR", "USD")]

        self.assertEqual(ends, [[90, None], [100, 110]])


class QuartersTests(TestCase):
    def setUp(self):
        self.account = make_tracked()

    def quarters(self):
        return read_quarters(find_scope(self.account.owner), since=MONDAY)

    def test_have_one_gap_where_quarters_are_missing_and_none_at_night(self):
        for at in (NINE, NINE + 3 * QUARTER, NINE + timedelta(days=1)):
            quarter(self.account, at, 100)

        found = [(one.at - NINE, one.value) for one in self.quarters()]

        self.assertEqual(
            found,
            [(0 * QUARTER, 100), (QUARTER, None), (3 * QUARTER, 100), (timedelta(days=1), 100)],
        )

    def test_stand_on_the_last_end_of_accounts_that_have_only_that(self):
        house = make_tracked(self.account.owner, name="House", wants_intraday=False)
        end(house, MONDAY - timedelta(days=1), 1000)
        for n in (0, 2):
            quarter(self.account, NINE + timedelta(days=n), 100)

        first, last = self.quarters()

        self.assertEqual((first.value, first.is_carried), (1100, False))
        self.assertEqual((last.value, last.is_carried), (1100, True))
