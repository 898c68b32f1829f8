from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from prices.models import Rate
from scheduling.context import Degraded
from scheduling.exceptions import TaskFailed
from scheduling.models import Run
from snapshots.demo.cointracking import CoinTrackingServer
from snapshots.models import Account, Credential, Flow, HourlyBudget, Snapshot, SnapshotRevision
from snapshots.models.queue import DatabaseQueue
from snapshots.selectors.curve import read_ends
from snapshots.selectors.scope import find_scope
from snapshots.sources.saxo_calls import CALLS_PER_SECOND
from snapshots.tasks import backfill_snapshots
from tests.factories import make_job, make_user
from tests.snapshots.curves import end, quarter
from tests.snapshots.factories import make_account, make_context
from tests.snapshots.test_saxo_login import Here, make_saxo_account

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)
DAY = timedelta(days=1)


def fill(of: Account | None = None, *, now: datetime = NOW, **params):
    context = make_context(scheduled_at=now, job_key="backfill_snapshots", origin="backfill")
    given = {"first_day": FIRST, "account": of and str(of.pk)} | params
    found = backfill_snapshots(context, **given)
    return found.result if isinstance(found, Degraded) else found


def ends() -> dict[date, Snapshot]:
    return {one.business_date: one for one in Snapshot.objects.filter(kind="eod")}


def save_rate(rate: str, at: datetime) -> None:
    Rate.objects.create(
        base_currency="EUR", quote_currency="USD", kind="official", rate=Decimal(rate), at=at,
        source="ECB",
    )  # fmt: skip


class CoinTrackingHere:
    """CoinTracking on this machine, and an account there that has an accepted snapshot."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(CoinTrackingServer(now=lambda: NOW))
        self.enterContext(override_settings(COINTRACKING_URL=self.server.url))
        self.enterContext(patch.object(DatabaseQueue, "PACE", timedelta(0)))
        self.account = self.make_account()

    def make_account(self, owner=None, **values):
        account = make_account(owner, source="cointracking_api", settings={}, **values)
        keys = {"key": self.server.key, "secret": self.server.secret}
        Credential(account=account).put(keys, key=self.server.key, now=timezone.now())
        Account.objects.filter(pk=account.pk).update(created_at=NOW)
        quarter(account, NOW - timedelta(hours=1), 50_000)
        account.refresh_from_db()
        return account

    def worth(self, day: date) -> Decimal:
        """Return what it was worth at midnight in UTC, soon after the end of `day` in Zurich."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
        return Decimal(self.server.worth_at(midnight))


class BackfillTests(CoinTrackingHere, TestCase):
    def test_each_day_that_is_over_gets_the_total_of_its_end_and_no_positions(self):
        result = fill(self.account, last_day=NOW.date())

        found = ends()
        self.assertEqual(list(found), [LAST - n * DAY for n in range(10)])
        self.assertEqual((result["written"], result["left"]), (10, {}))
        one = found[FIRST]
        self.assertEqual((one.status, one.total_value), ("backfilled", self.worth(FIRST)))
        self.assertEqual(one.as_of, datetime(2026, 3, 2, tzinfo=UTC))
        self.assertEqual((one.position_count, one.quality, one.run_id), (0, None, 7))
        self.assertIn("history of cointracking_api, as it told it on 2026-03-11", one.why)
        self.assertEqual(len(self.server.requests), 1)

    def test_what_is_told_of_now_soon_after_the_end_of_a_day_is_no_end_of_it(self):
        soon = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)  # half past midnight in Zurich
        self.server.now = lambda: soon

        fill(self.account, now=soon + timedelta(milliseconds=700))

        self.assertEqual(max(ends()), LAST - DAY)

    def test_what_is_worse_is_replaced_and_kept_as_a_revision(self):
        for n, status in enumerate(("missed", "failed", "carried")):
            end(self.account, FIRST + n * DAY, 1, status=status)

        result = fill(self.account)

        self.assertEqual({one.status for one in ends().values()}, {"backfilled"})
        (one,) = result["accounts"]
        self.assertEqual(one["replaced"], {"missed": 1, "failed": 1, "carried": 1})
        kept = SnapshotRevision.objects.values_list("status", flat=True)
        self.assertEqual(set(kept), {"missed", "failed", "carried"})

    def test_what_is_better_or_waits_for_a_person_stays(self):
        for n, status in enumerate(("accepted", "manual", "suspect")):
            end(self.account, FIRST + n * DAY, 1, status=status)
        rejected = end(self.account, FIRST + 3 * DAY, 1)
        rejected.reject(by=self.account.owner, reason="It is wrong.")

        result = fill(self.account)

        left = {"accepted": 1, "manual": 1, "suspect": 1, "decided": 1}
        self.assertEqual((result["written"], result["left"]), (6, left))
        stayed = [one.total_value for one in ends().values() if one.status != "backfilled"]
        self.assertEqual(stayed, [1] * 4)
        self.assertIn("1 end(s) of a day are suspect", result["accounts"][0]["notes"][0])

    def test_again_changes_nothing_and_writes_what_the_source_corrected(self):
        fill(self.account)
        before = {one.pk: one.updated_at for one in ends().values()}

        again = fill(self.account, now=NOW + timedelta(hours=1))

        self.assertEqual((again["written"], again["unchanged"]), (0, 10))
        self.assertEqual({one.pk: one.updated_at for one in ends().values()}, before)
        self.server.held = self.server.held[:1]
        self.assertEqual(fill(self.account)["written"], 10)
        self.assertEqual(SnapshotRevision.objects.count(), 10)
        self.assertEqual(ends()[FIRST].total_value, self.worth(FIRST))

    def test_each_day_has_its_own_rate_and_one_without_is_counted_and_not_guessed(self):
        later = {"rate": "2", "at": "2026-03-09", "source": "me"}
        Snapshot.objects.all().delete()
        Account.objects.update(currency="EUR", settings={"usd_rate": later})
        self.server.currency = "EUR"
        at = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
        save_rate("1.1", at)

        result = fill(self.account)

        found, note = ends(), result["accounts"][0]["notes"][0]
        self.assertEqual(result["left"], {"without a rate": 2})
        self.assertEqual(min(found), date(2026, 3, 3))
        first = found[date(2026, 3, 3)]
        self.assertEqual((first.fx_rate, first.fx_at), (Decimal("1.1"), at))
        self.assertEqual(found[LAST].fx_rate, 2)
        self.assertIn("2026-03-01 to 2026-03-02 have no rate of EUR", note)

    def test_a_dry_run_counts_the_same_and_writes_nothing(self):
        end(self.account, FIRST, 1, status="failed")

        told = fill(self.account, dry_run=True)

        self.assertEqual((Snapshot.objects.count(), ends()[FIRST].status), (2, "failed"))
        self.assertEqual(SnapshotRevision.objects.count(), 0)
        self.assertEqual(told | {"dry_run": False}, fill(self.account))

    def test_days_before_there_was_anything_are_no_zeros(self):
        self.server.held, self.server.began_on = [], FIRST + 5 * DAY

        result = fill(self.account)

        self.assertEqual(result["left"], {"worth 0 or less": 6, "not told": 4})
        self.assertEqual(ends(), {})

    def test_values_of_another_currency_are_refused(self):
        Snapshot.objects.all().delete()
        self.server.currency = "CHF"

        with self.assertRaisesMessage(TaskFailed, "values in CHF, but the account is kept in USD"):
            fill(self.account)

        self.assertEqual(ends(), {})

    def test_what_was_missed_before_is_still_written_down(self):
        Account.objects.filter(pk=self.account.pk).update(created_at=NOW - 3 * DAY)
        Snapshot.objects.all().delete()
        end(self.account, LAST - 2 * DAY, 1)

        fill(self.account)

        missed = Snapshot.objects.filter(status="missed", business_date=LAST - DAY)
        self.assertEqual((missed.count(), ends()[LAST - DAY].status), (68, "backfilled"))

    def test_curves_say_that_it_is_backfilled(self):
        fill(self.account)

        points = read_ends(find_scope(self.account.owner))

        self.assertEqual([one.status for one in points[:10]], ["backfilled"] * 10)
        self.assertTrue(all(one.value for one in points))

    def test_a_stop_keeps_what_was_written_and_the_next_run_writes_the_rest(self):
        context = make_context(scheduled_at=NOW)
        calls = iter([False, True, True])
        context.should_stop = lambda: next(calls)
        days = {"first_day": FIRST - 300 * DAY, "account": str(self.account.pk)}

        with self.assertRaisesMessage(TaskFailed, "What was written stays"):
            backfill_snapshots(context, **days)

        self.assertEqual(len(ends()), 100)
        result = fill(self.account, **days)
        self.assertEqual((result["written"], result["unchanged"]), (210, 100))

    def test_08_no_call_is_sent_when_those_of_the_hour_are_spent(self):
        fill(self.account)
        just_now_us = int(timezone.now().timestamp() * 1e6) - 60_000_000
        HourlyBudget.objects.update(taken_us=[just_now_us] * 20)

        with self.assertRaisesMessage(TaskFailed, "Nothing was sent"):
            fill(self.account)

        self.assertEqual(len(self.server.requests), 1)


class AccountsTests(CoinTrackingHere, TestCase):
    def test_one_that_fails_keeps_no_other_from_its_past(self):
        make_account(self.account.owner, name="File")  # tells nothing, and is left out
        other = self.make_account(self.account.owner, name="Locked")
        Credential.objects.get(account=other).refuse("The key was refused.")

        result = fill(user_id="jack")

        self.assertEqual(result["written"], 10)
        self.assertEqual([one["account"] for one in result["accounts"]], [str(self.account)])

    def test_who_cannot_be_backfilled_is_told_why(self):
        plain = make_account(self.account.owner, name="File")
        make_user("jill")
        for params, message in (
            ({"account": str(plain.pk)}, "tells nothing of the past. Only these sources do: coin"),
            ({"account": "999"}, "There is no account 999"),
            ({"user_id": "jill"}, "User 'jill' has no account with ends of days"),
            ({"user_id": "nobody"}, "There is no user 'nobody'"),
            ({"user_id": "jill", "account": str(self.account.pk)}, "is not one of 'jill'"),
            ({"account": str(self.account.pk), "first_day": NOW.date()}, "No day from 2026-03-11"),
        ):
            with self.assertRaisesMessage(TaskFailed, message):
                fill(**params)

    def test_nobody_backfills_the_accounts_of_others(self):
        context = make_context(scheduled_at=NOW, owner_id=make_user("jill").pk)

        for params in ({"account": str(self.account.pk)}, {"user_id": "jack"}, {}):
            with self.assertRaisesMessage(TaskFailed, "There is no"):
                backfill_snapshots(context, **params)

        self.assertEqual(self.server.requests, [])


class SaxoTests(Here, TestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.dict(CALLS_PER_SECOND, {"port": 100, "hist": 100}))
        self.account = make_saxo_account(self.server)
        Account.objects.filter(pk=self.account.pk).update(created_at=NOW)
        for day, rate in ((FIRST, "1.1"), (FIRST + 5 * DAY, "1.2")):
            save_rate(rate, datetime(day.year, day.month, day.day, tzinfo=UTC))

    def test_values_and_flows_of_its_days_are_kept_once(self):
        first, again = fill(self.account), fill(self.account)

        one = ends()[date(2026, 3, 2)]
        self.assertEqual((one.total_value, one.fx_rate), (Decimal("6001.5"), Decimal("1.1")))
        flow = Flow.objects.get()
        self.assertEqual((flow.amount, flow.currency, flow.source), (1000, "EUR", "saxo_api"))
        self.assertEqual(flow.at, one.slot_at)  # within the day
        told = [found["accounts"][0]["flows"] for found in (first, again)]
        self.assertEqual(told, [{"added": 1, "known": 0}, {"added": 0, "known": 1}])
        self.account.refresh_from_db()
        self.assertTrue(self.account.knows_flows(one.slot_at, ends()[LAST].slot_at))

    def test_a_dry_run_keeps_no_flow(self):
        result = fill(self.account, dry_run=True)

        self.assertEqual(result["accounts"][0]["flows"], {"added": 1, "known": 0})
        self.account.refresh_from_db()
        self.assertEqual((Flow.objects.count(), self.account.flows_known_since), (0, None))


class CommandTests(CoinTrackingHere, TransactionTestCase):
    def setUp(self):
        super().setUp()
        self.server.now = timezone.now
        Account.objects.update(created_at=timezone.now())
        make_job(key="backfill_snapshots", task="snapshots.backfill")
        today = timezone.now().date()
        self.days = ("--from", str(today - 9 * DAY), "--to", str(today - 5 * DAY))

    def command(self, *args):
        output = StringIO()
        call_command("backfill_snapshots", *args, stdout=output)
        return output.getvalue().splitlines()

    def test_counts_what_a_run_of_its_own_wrote(self):
        dry = self.command(*self.days, "--user", "jack", "--dry-run")
        first = self.command(*self.days, "--account", str(self.account.pk))
        again = self.command(*self.days)

        self.assertEqual(dry[-1], "Would write 5; unchanged 0; left alone 0.")
        self.assertEqual(first[-1], "Wrote 5; unchanged 0; left alone 0.")
        self.assertEqual(again[-1], "Wrote 0; unchanged 5; left alone 0.")
        self.assertIn("Main (cointracking_api), 20", first[0])
        origins = Run.objects.values_list("origin", "status")
        self.assertEqual(set(origins), {("backfill", "succeeded")})

    def test_says_what_cannot_be_meant(self):
        for args, message in (
            (("--from", "2026-13-01"), "'2026-13-01' is no date. Write it as 2026-03-02."),
            (("--account", "999"), "There is no account 999"),
            (("--account", "-1"), "account: "),
            (("--from", "2099-01-01"), "is over"),
        ):
            with self.assertRaisesMessage(CommandError, message):
                self.command(*args)
