from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from prices.models import LastPrice
from snapshots.models import EnteredPosition
from snapshots.models.known_prices import find_price
from snapshots.sources.surroundings import KnownPrice
from tests.factories import make_user
from tests.prices.factories import make_candle, make_instrument
from tests.snapshots.factories import make_account

HOUR = timedelta(hours=1)


class EnteredPositionTests(TestCase):
    def setUp(self):
        self.account = make_account(source="manual", settings={}, currency="EUR")

    def enter(self, **values):
        given = {"account": self.account, "ticker": "EUR", "amount": Decimal(5), "price": 1}
        row = EnteredPosition(**(given | values))
        row.full_clean()
        row.save()
        return row

    def test_what_is_entered_is_what_the_account_holds(self):
        self.enter(kind="currency")
        gold = self.enter(ticker="GOLD", price=None, value=Decimal(9000))

        statement = self.account.open_source().fetch()

        self.assertEqual([one.value for one in statement.positions], [5, 9000])
        self.assertEqual((statement.currency, statement.as_of), ("EUR", gold.updated_at))

    def test_the_same_twice_or_without_a_value_is_refused(self):
        self.enter()
        for wrong in ({}, {"ticker": "X", "price": None}):
            with pytest.raises(ValidationError):
                self.enter(**wrong)

    def test_it_is_edited_on_the_page_of_the_account(self):
        self.client.force_login(make_user("admin", is_staff=True, is_superuser=True))
        self.enter()

        page = self.client.get(reverse("admin:snapshots_account_change", args=[self.account.pk]))

        self.assertContains(page, "entered_positions-0-ticker")


class FindPriceTests(TestCase):
    def test_a_last_price_counts_from_when_its_venue_said_so(self):
        now = timezone.now()
        LastPrice.objects.create(
            instrument=make_instrument(venue="upbit", venue_id="KRW-X"),
            price=7, traded_at=now - 50 * HOUR, volume=1, quote_volume=7, fetched_at=now - HOUR,
        )  # fmt: skip

        known = find_price("upbit", "KRW-X", now=now, max_age=2 * HOUR)

        assert known is not None
        self.assertEqual((known.price, known.at), (7, now - HOUR))
        self.assertIsNone(find_price("upbit", "KRW-X", now=now, max_age=HOUR / 2))

    def test_without_one_the_last_candle_counts_from_its_end(self):
        midnight = datetime(2026, 3, 2, tzinfo=UTC)
        noon = midnight + 12 * HOUR
        instrument = make_instrument(venue="upbit", venue_id="KRW-X")

        def found(hours):
            at = noon + hours * HOUR
            return find_price("upbit", "KRW-X", now=at, max_age=HOUR)

        make_candle(instrument, opened_at=noon - HOUR, interval="1h", fetched_at=noon)
        for hours, price in ((0, 10), (0.9, 10), (1.1, None)):
            known = found(hours)
            self.assertEqual(known.price if known else None, price, hours)
        open_day = make_candle(instrument, fetched_at=noon + HOUR, close=Decimal("8.5"))
        self.assertEqual(found(1.5), KnownPrice(price=open_day.close, at=noon + HOUR))
