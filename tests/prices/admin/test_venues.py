from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from prices.models import Budget, BudgetUse, Circuit
from prices.models.budget_use import Use
from prices.venues.base import floor_to
from tests.prices.factories import make_instrument
from tests.scheduling.admin.case import AdminTestCase, staff_with

HOUR = timedelta(hours=1)


class VenuesTests(AdminTestCase):
    url = reverse("admin:prices_budget_changelist")

    def setUp(self) -> None:
        super().setUp()
        self.now = timezone.now()
        make_instrument()
        Budget.objects.create(venue="upbit", group="candles", taken=700)
        use = Use("upbit", "", "candles", "ohlcv_hourly", floor_to(HOUR, self.now))
        BudgetUse.objects.add({use: 40})

    def banned(self) -> Circuit:
        return Circuit.objects.break_open(
            venue="upbit", key="", now=self.now, until=self.now + HOUR, reason="418: too many"
        )

    def test_a_venue_shows_who_takes_how_much(self):
        page = self.client.get(self.url)

        self.assertContains(page, "ohlcv_hourly</a> 40")
        self.assertContains(page, '<td data-label="Ever">700</td>')
        self.assertContains(page, "Ready")
        self.assertNotContains(page, "Close by hand")

    def test_a_ban_is_shown_and_closed_by_hand(self):
        circuit = self.banned()
        self.assertContains(self.client.get(self.url), "418: too many")

        close = reverse("admin:prices_circuit_close", args=[circuit.pk])
        page = self.client.post(close, follow=True)

        self.assertContains(page, "upbit may be called again.")
        self.assertIsNone(Circuit.objects.find_open(venue="upbit", key="", now=timezone.now()))
        self.assertContains(self.client.post(close, follow=True), "may be called already")

    def test_the_next_ban_after_one_that_was_closed_is_longer(self):
        circuit = Circuit.objects.break_open(
            venue="upbit", key="", now=self.now, until=None, reason="418"
        )
        first = circuit.open_until - self.now
        circuit.close(self.now)

        again = Circuit.objects.break_open(
            venue="upbit", key="", now=self.now + HOUR, until=None, reason="418"
        )

        self.assertEqual(again.open_until - (self.now + HOUR), 2 * first)

    def test_only_who_may_change_circuits_closes_one(self):
        close = reverse("admin:prices_circuit_close", args=[self.banned().pk])
        self.assertEqual(self.client.get(close).status_code, 405)
        self.client.force_login(staff_with("view_budget"))

        self.assertNotContains(self.client.get(self.url), "Close by hand")
        self.assertEqual(self.client.post(close).status_code, 403)

    def test_it_takes_the_same_queries_for_one_venue_as_for_many(self):
        self.client.get(self.url)
        for number in range(2):
            # 1. session  2. user  3. to 8. the venues  9. schedulers
            with self.assertNumQueries(9):
                self.client.get(self.url)
            make_instrument(venue=f"venue{number}")
