from __future__ import annotations

from datetime import timedelta

import time_machine
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from snapshots.models import Snapshot
from tests.factories import make_user
from tests.snapshots.api.case import NOON
from tests.snapshots.curves import MONDAY, days, end, make_tracked, quarter

PAGE = reverse("admin:snapshots_portfolio_changelist")


class PortfolioPageTests(TestCase):
    def setUp(self):
        self.admin = make_user("admin", is_staff=True, is_superuser=True)
        self.client.force_login(self.admin)

    @time_machine.travel("2026-03-05T12:00:00Z", tick=False)
    def test_shows_value_and_todays_pnl_with_its_baseline(self):
        account = make_tracked(self.admin)
        days(account, [100, 110])
        quarter(account, NOON, 1121)

        page = self.client.get(PAGE)

        self.assertContains(page, "1,121.00")
        self.assertContains(page, "+1,011.00")
        self.assertContains(page, "since Tue 3 Mar, 23:59")

    @time_machine.travel("2026-03-05T12:00:00Z", tick=False)
    def test_names_a_baseline_that_is_backfilled(self):
        _, before = days(make_tracked(self.admin), [100, 110])
        Snapshot.objects.filter(pk=before.pk).update(status="backfilled")

        self.assertContains(self.client.get(PAGE), "· from a source's history")
        quarter(before.account, NOON, 121)
        self.assertContains(self.client.get(PAGE), "since Tue 3 Mar, 23:59 (backfilled)")

    def test_calls_it_a_value_change_where_flows_are_unknown(self):
        days(make_tracked(self.admin, flows_known_since=None), [100, 110])

        page = self.client.get(PAGE)

        self.assertContains(page, "Value change today")
        self.assertContains(page, "flows unknown")
        self.assertContains(page, "what came or left would count as earned", 1)

    def test_lists_the_accounts_with_their_value_and_what_waits_for_review(self):
        days(make_tracked(self.admin), [300])
        other = make_tracked(self.admin, name="<b>")
        _, suspect = days(other, [100, 90])
        Snapshot.objects.filter(pk=suspect.pk).update(status="suspect")

        page = self.client.get(PAGE)

        self.assertContains(page, "75.0 %")
        self.assertContains(page, "&lt;b&gt; (cointracking)")
        link = f"account__id__exact={other.pk}&amp;status__exact=suspect"
        self.assertContains(page, f'{link}">1 to review</a>')

    def test_says_what_is_missing_when_the_newest_value_is_old(self):
        account = make_tracked(self.admin)
        days(account, [100, 110])
        quarter(account, NOON, 121)
        days(make_tracked(self.admin, name="Other"), [5, 5])
        end(account, MONDAY + timedelta(days=2), 100)

        page = self.client.get(PAGE)

        self.assertContains(page, "Nothing newer counts for Other (cointracking)")

    def test_without_accounts_or_snapshots_says_what_to_do(self):
        self.assertContains(self.client.get(PAGE), "Add one")
        make_tracked(self.admin)

        self.assertContains(self.client.get(PAGE), "no snapshot of these accounts that counts yet")

    def test_says_of_each_account_why_nothing_of_it_counts(self):
        account = make_tracked(self.admin)
        reason = {"guard": "", "says": "The account has no credential.", "blocks": False}
        quarter(account, NOON, None, status="failed", reasons=[reason])
        tomorrow = timezone.now() + timedelta(days=1)  # an end of a day, taken early by hand
        quarter(account, tomorrow, None, status="failed", reasons=[])

        page = self.client.get(PAGE)

        self.assertContains(page, "The account has no credential.")
        self.assertContains(page, reverse("admin:snapshots_account_change", args=[account.pk]))

    def test_staff_look_at_the_portfolios_of_others(self):
        jack = make_user("jack")
        days(make_tracked(jack), [7777])
        make_tracked(self.admin, name="Mine")

        own, other = self.client.get(PAGE), self.client.get(PAGE, {"user_id": jack.pk})

        self.assertNotContains(own, "7,777")
        self.assertContains(other, "7,777.00")
        self.assertContains(own, f'<option value="{jack.pk}">jack</option>')

    def test_what_there_is_not_is_not_found(self):
        for wrong in ("x", "99999", "-1"):
            self.assertEqual(self.client.get(PAGE, {"user_id": wrong}).status_code, 404)

    def test_staff_without_the_permission_may_not(self):
        self.client.force_login(make_user("clerk", is_staff=True))

        self.assertEqual(self.client.get(PAGE).status_code, 403)

    def test_allows_no_foreign_host_and_no_inline_script(self):
        policy = self.client.get(PAGE).headers["Content-Security-Policy"]

        found = {name: set(rest) for name, *rest in (one.split() for one in policy.split(";"))}
        self.assertEqual(found["default-src"], {"'self'"})
        self.assertEqual(found["script-src"], {"'self'", "'unsafe-eval'"})
