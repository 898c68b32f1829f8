from __future__ import annotations

from datetime import date

from django.db import IntegrityError
from django.test import TestCase

from tests.prices.factories import make_instrument


class InstrumentTests(TestCase):
    def test_is_one_per_venue_and_id_of_the_venue(self):
        make_instrument(venue="upbit", venue_id="KRW-BTC")

        with self.assertRaises(IntegrityError):
            make_instrument(venue="upbit", venue_id="KRW-BTC")

    def test_of_two_venues_have_the_same_id(self):
        make_instrument(venue="kis", venue_id="005930")

        other = make_instrument(venue="krx", venue_id="005930")

        self.assertEqual(str(other), "BTC/KRW at krx")

    def test_has_an_id_of_its_venue(self):
        with self.assertRaises(IntegrityError):
            make_instrument(venue_id="")

    def test_is_delisted_since_a_date(self):
        with self.assertRaises(IntegrityError):
            make_instrument(state="delisted", delisted_on=None)

    def test_that_trades_is_not_delisted(self):
        with self.assertRaises(IntegrityError):
            make_instrument(state="trading", delisted_on=date(2026, 3, 2))
