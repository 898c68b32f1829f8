from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse

from prices.models import CandleRevision, CorporateAction, Fundamentals, Rate
from tests.prices.factories import make_instrument
from tests.scheduling.admin.case import AdminTestCase

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def page(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:prices_{model}_{name}", args=args)


class CorporateActionTests(AdminTestCase):
    def form(self, **overrides: str) -> dict[str, str]:
        self.instrument = make_instrument()
        return {
            "instrument": str(self.instrument.pk), "kind": "split", "source": "by hand",
            "effective_at_0": "2026-03-02", "effective_at_1": "00:00:00",
            "price_factor": "0.02", "volume_factor": "50",
        } | overrides  # fmt: skip

    def test_a_split_is_added_by_hand(self):
        self.client.post(page("corporateaction", "add"), self.form())

        action = CorporateAction.objects.get()
        self.assertEqual((action.price_factor, action.effective_at), (Decimal("0.02"), NOW))
        self.assertContains(self.client.get(page("corporateaction", "changelist")), ">0.02<")
        form = self.client.get(page("corporateaction", "change", action.pk))
        self.assertContains(form, 'value="0.02"')

    def test_factors_that_cannot_be_are_refused_at_their_field(self):
        for name, value, words in (
            ("price_factor", "0", "A factor is greater than 0"),
            ("volume_factor", "-1", "A factor is greater than 0"),
            ("volume_factor", "5", "the two factors multiply to 1"),
        ):
            with self.subTest(name=name, value=value):
                form = self.client.post(page("corporateaction", "add"), self.form(**{name: value}))
                self.assertContains(form, words)
        self.assertFalse(CorporateAction.objects.exists())


class RateTests(AdminTestCase):
    def post(self, **overrides: str) -> Any:
        form = {
            "base_currency": "usd", "quote_currency": "KRW", "kind": "official", "source": "ECB",
            "at_0": "2026-03-02", "at_1": "00:00:00", "rate": "1463.120000000000000001",
        } | overrides  # fmt: skip
        return self.client.post(page("rate", "add"), form)

    def test_a_rate_is_added_to_the_last_digit(self):
        self.post()

        rate = Rate.objects.get()
        self.assertEqual((rate.base_currency, str(rate.rate)), ("USD", "1463.120000000000000001"))

    def test_what_cannot_be_is_refused_at_its_field(self):
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        for name, value, words in (
            ("rate", "0", "A rate is greater than 0."),
            ("quote_currency", "Usd", "A rate is between two currencies."),
            ("at_0", str(tomorrow), "This is still to come."),
        ):
            with self.subTest(name=name):
                self.assertContains(self.post(**{name: value}), words)
        self.assertFalse(Rate.objects.exists())


class HistoryTests(AdminTestCase):
    def test_fundamentals_and_revisions_are_read_and_never_written(self):
        instrument = make_instrument(symbol="005930")
        figures = Fundamentals.objects.create(
            instrument=instrument, stated_on=date(2026, 3, 2), sales=138_000_000_000, roe="-4.97"
        )
        revision = CandleRevision.objects.create(
            instrument=instrument, interval="1d", opened_at=NOW, open=1, high=3, low=1,
            close="2.5", volume=7, fetched_at=NOW, replaced_at=NOW,
        )  # fmt: skip

        for model, row, text in (
            ("fundamentals", figures, "138,000,000,000"),
            ("candlerevision", revision, "2.5"),
        ):
            for url in (page(model, "changelist"), page(model, "change", row.pk)):
                self.assertContains(self.client.get(url), text)
            for url in (page(model, "add"), page(model, "delete", row.pk)):
                self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
