from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import time_machine
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from snapshots.capture.taking import capture
from snapshots.models import Account
from snapshots.slots import slot_of
from tests.factories import make_user
from tests.snapshots.factories import (
    ROWS,
    SCHEDULED_AT,
    current_balance,
    make_account,
    write_export,
)

ACCOUNTS = reverse("admin:snapshots_account_changelist")
SNAPSHOTS = reverse("admin:snapshots_snapshot_changelist")


class AdminTestCase(TestCase):
    data_dir: Path

    def setUp(self):
        self.admin = make_user("admin", is_staff=True, is_superuser=True)
        self.client.force_login(self.admin)
        write_export(self.data_dir / "balance.csv")

    def take(self, account, *, quarter=0):
        at = SCHEDULED_AT + quarter * timedelta(minutes=15)
        slot = slot_of(at, is_eod=False, zone=account.zone)
        return capture(account, slot, min_usd=Decimal(1), run_id=7).snapshot

    def queries_of(self, url):
        with CaptureQueriesContext(connection) as queries:
            page = self.client.get(url)
        self.assertEqual(page.status_code, 200)
        return len(queries)


class AccountAdminTests(AdminTestCase):
    @time_machine.travel("2026-03-05T12:00:00Z", tick=False)
    def test_lists_accounts_with_owner_and_last_snapshot(self):
        self.take(make_account())

        page = self.client.get(ACCOUNTS)

        self.assertContains(page, "jack")
        self.assertContains(page, "Mon 2 Mar, 14:30")

    def test_list_takes_as_many_queries_for_many_accounts_as_for_one(self):
        self.take(make_account())
        few = self.queries_of(ACCOUNTS)

        for number in range(10):
            self.take(make_account(make_user(f"user-{number}")))

        self.assertEqual(self.queries_of(ACCOUNTS), few)

    def test_adds_an_account(self):
        form = {"owner": self.admin.pk, "name": "Main", "source": "cointracking"}
        form |= {"currency": "USD", "timezone": "Europe/Zurich", "settings": '{"path": "a.csv"}'}

        page = self.client.post(reverse("admin:snapshots_account_add"), form)

        self.assertRedirects(page, ACCOUNTS)
        self.assertEqual(Account.objects.get().settings, {"path": "a.csv"})

    def test_says_what_keeps_an_account_from_being_deleted(self):
        snapshot = self.take(make_account())
        empty = make_account(snapshot.account.owner, name="Empty")

        kept, gone = (
            self.client.post(
                reverse("admin:snapshots_account_delete", args=[account.pk]), {"post": "yes"}
            )
            for account in (snapshot.account, empty)
        )

        self.assertContains(kept, "1 snapshot(s) and 0 flow(s). To keep them")
        self.assertRedirects(gone, ACCOUNTS)
        self.assertEqual(Account.objects.get(), snapshot.account)

    def test_stays_at_an_account_that_needs_more(self):
        form = {"owner": self.admin.pk, "name": "Safe", "source": "manual", "settings": "{}"}
        form |= {"currency": "USD", "timezone": "Europe/Zurich", "wants_eod": "on"}

        page = self.client.post(reverse("admin:snapshots_account_add"), form, follow=True)

        self.assertContains(page, "Now enter its positions, below.")
        self.assertContains(page, "entered_positions-TOTAL_FORMS")

    def test_tells_of_settings_what_fits_each_source(self):
        account = make_account(source="upbit", settings={})

        page = self.client.get(reverse("admin:snapshots_account_change", args=[account.pk]))

        self.assertContains(page, "docs/sources.md")
        self.assertNotContains(page, "CoinTracking: {")

    def test_shows_what_is_wrong_at_its_field(self):
        form = {"owner": self.admin.pk, "name": "Main", "source": "cointracking"}
        form |= {"currency": "USD", "timezone": "Zurich", "settings": '{"path": "a.xlsx"}'}

        page = self.client.post(reverse("admin:snapshots_account_add"), form)

        errors = page.context["adminform"].form.errors
        self.assertIn("'Zurich' is no time zone", errors["timezone"][0])
        self.assertIn("is the CSV file that", errors["settings"][0])
        self.assertFalse(Account.objects.exists())


class SnapshotAdminTests(AdminTestCase):
    def test_lists_snapshots_with_the_local_time_of_their_slot(self):
        self.take(make_account())

        page = self.client.get(SNAPSHOTS)

        self.assertContains(
            page, "<span>2026-03-02 14:30</span><small>Intraday, Europe/Zurich</small>"
        )
        self.assertContains(page, "48,965.38")

    def test_list_takes_as_many_queries_for_many_snapshots_as_for_one(self):
        account = make_account()
        self.take(account)
        few = self.queries_of(SNAPSHOTS)

        for quarter in range(1, 10):
            self.take(account, quarter=quarter)

        self.assertEqual(self.queries_of(SNAPSHOTS), few)

    def test_page_shows_positions_exactly_and_what_is_hidden(self):
        snapshot = self.take(make_account())

        page = self.client.get(reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]))

        self.assertContains(page, "36000000.17000002")
        self.assertContains(page, "1 below 1 USD, together 0.25 USD")
        self.assertContains(page, "Not needed: the values are in USD.")
        self.assertContains(page, reverse("admin:scheduling_run_change", args=[7]))

    def test_page_takes_as_many_queries_for_many_positions_as_for_one(self):
        account = make_account()
        self.take(account)  # what both are compared with
        many = self.take(account, quarter=1)
        write_export(self.data_dir / "balance.csv", current_balance(ROWS[0]))
        one = self.take(account, quarter=2)

        counts = {
            self.queries_of(reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]))
            for snapshot in (many, one)
        }

        self.assertEqual(len(counts), 1)

    def test_page_names_the_rate(self):
        rate = {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}
        settings = {"path": "balance.csv", "usd_rate": rate}
        write_export(self.data_dir / "balance.csv", current_balance().replace("USD", "EUR"))
        snapshot = self.take(make_account(currency="EUR", settings=settings))

        page = self.client.get(reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]))

        self.assertContains(page, "1.0823 USD per EUR (ECB, 2026-03-02)")

    def test_nobody_edits_history(self):
        snapshot = self.take(make_account())

        for name, args in (("add", []), ("delete", [snapshot.pk]), ("change", [snapshot.pk])):
            url = reverse(f"admin:snapshots_snapshot_{name}", args=args)
            self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
