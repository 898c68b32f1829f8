from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import TestCase

from snapshots.findings import find
from snapshots.models import Snapshot, Watch
from snapshots.upkeep.staleness import look
from tests.prices.factories import make_instrument
from tests.snapshots.curves import make_tracked, quarter
from tests.snapshots.factories import make_context

NOW = datetime(2026, 3, 4, 12, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


class StalenessTests(TestCase):
    def setUp(self):
        self.account = make_tracked()

    def look(self, at=NOW):
        return look(make_context(scheduled_at=at))

    def state(self):
        return Watch.objects.get(subject=f"account:{self.account.pk}").state

    def test_account_is_fresh_then_late_then_stale(self):
        quarter(self.account, NOW, 100)
        states = []

        for hours in (1, 25, 73):
            self.look(NOW + hours * HOUR)
            states.append(self.state())

        self.assertEqual(states, ["fresh", "late", "stale"])

    def test_change_is_told_once(self):
        quarter(self.account, NOW, 100)
        self.look()

        with self.assertLogs("snapshots.pnl_snapshot", "WARNING") as logs:
            told = [len(self.look(NOW + hours * HOUR)["changed"]) for hours in (25, 26, 27)]

        self.assertEqual((told, len(logs.output)), ([1, 0, 0], 1))

    def test_limit_of_an_account_goes_before_that_of_its_source(self):
        self.account.settings["stale_after_hours"] = 1
        self.account.save()
        quarter(self.account, NOW, 100)

        self.look(NOW + 2 * HOUR)

        self.assertEqual(self.state(), "late")

    def test_account_without_data_is_never_and_one_that_fails_is_unreadable(self):
        self.look()
        never = self.state()
        quarter(self.account, NOW, None, status=Snapshot.Status.FAILED)
        self.look()

        self.assertEqual((never, self.state()), ("never", "unreadable"))

    def test_what_is_watched_no_more_is_forgotten(self):
        self.look()
        self.account.wants_eod = self.account.wants_intraday = False
        self.account.save()

        self.look()

        self.assertFalse(Watch.objects.exists())

    def test_tracked_series_are_watched_too(self):
        make_instrument(is_tracked=True)

        states = self.look()["states"]

        self.assertEqual(states, {"never": 3})  # the account, its hours and its days

    def test_health_tells_of_accounts_that_are_not_fresh(self):
        self.look()

        (finding,) = find(NOW)

        self.assertEqual((finding.subject, finding.tone), ("Data of Main (cointracking)", "warn"))
