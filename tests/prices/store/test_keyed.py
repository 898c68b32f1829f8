from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.test import TestCase

from prices.models import CorporateAction, Instrument, Rate
from prices.store import Written, write_corporate_actions, write_rates
from tests.prices.factories import NOON, make_instrument


def rate(**overrides: Any) -> Rate:
    values = {
        "base_currency": "USDT",
        "quote_currency": "KRW",
        "kind": Rate.Kind.IMPLIED,
        "source": "upbit",
        "at": NOON,
        "rate": Decimal("1463.5"),
    }
    return Rate(**(values | overrides))


def split(instrument: Instrument, **overrides: Any) -> CorporateAction:
    values = {"kind": "split", "effective_at": NOON, "price_factor": Decimal("0.02")}
    return CorporateAction(instrument=instrument, source="kis", **(values | overrides))


class WriteRatesTests(TestCase):
    def test_a_rate_of_the_same_source_and_instant_is_replaced(self):
        written = [write_rates([rate(rate=Decimal(text))]) for text in ("1463.5", "1463.5", "1464")]

        self.assertEqual(written, [Written(new=1), Written(unchanged=1), Written(changed=1)])
        self.assertEqual(Rate.objects.get().rate, Decimal(1464))

    def test_official_and_implied_rates_stand_beside_each_other(self):
        write_rates([rate(), rate(kind=Rate.Kind.OFFICIAL), rate(source="bithumb")])

        self.assertEqual(Rate.objects.count(), 3)

    def test_a_name_that_is_too_long_is_refused(self):
        with self.assertRaisesMessage(ValidationError, "at most 100 characters"):
            write_rates([rate(source="x" * 101)])


class WriteCorporateActionsTests(TestCase):
    def test_the_same_kind_at_the_same_instant_is_replaced(self):
        instrument = make_instrument()

        first = write_corporate_actions([split(instrument)])
        again = write_corporate_actions([split(instrument, volume_factor=Decimal(50))])

        self.assertEqual((first, again), (Written(new=1), Written(changed=1)))
        self.assertEqual(CorporateAction.objects.get().volume_factor, Decimal(50))
