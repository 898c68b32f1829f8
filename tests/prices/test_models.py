"""What the database refuses, whoever writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import SimpleTestCase

from prices.models import CorporateAction, Coverage, Fundamentals, Interval, Rate
from tests.prices.factories import make_instrument

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def make_rate(**overrides: Any) -> Rate:
    values = {
        "base_currency": "USD",
        "quote_currency": "KRW",
        "kind": "official",
        "source": "kis",
        "at": NOON,
        "rate": Decimal("1463.5"),
    }
    return Rate.objects.create(**(values | overrides))


def make_corporate_action(**overrides: Any) -> CorporateAction:
    values = {"kind": "split", "effective_at": NOON, "price_factor": Decimal("0.02")}
    return CorporateAction.objects.create(instrument=make_instrument(), **(values | overrides))


def make_coverage(**overrides: Any) -> Coverage:
    values = {"interval": "1h", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}
    return Coverage.objects.create(instrument=make_instrument(), **(values | overrides))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (make_rate, {"rate": Decimal(0)}),
        (make_rate, {"quote_currency": "USD"}),
        (make_rate, {"kind": "guessed"}),
        (make_corporate_action, {"price_factor": Decimal(0)}),
        (make_corporate_action, {"volume_factor": Decimal("-1")}),
        (make_corporate_action, {"kind": "gift"}),
        (make_coverage, {"ends_at": NOON}),
        (make_coverage, {"interval": "2h"}),
    ],
)
def test_row_that_cannot_be_is_refused(make, wrong):
    make()

    with pytest.raises(IntegrityError), transaction.atomic():
        make(**wrong)


@pytest.mark.django_db
def test_rate_of_another_kind_is_another_rate():
    make_rate(kind="official")

    make_rate(kind="implied")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_rate(kind="implied")


@pytest.mark.django_db
def test_fundamentals_are_one_per_date():
    instrument = make_instrument()
    stated = {"instrument": instrument, "stated_on": NOON.date(), "roe": Decimal("-4.97")}
    Fundamentals.objects.create(**stated)

    with pytest.raises(IntegrityError), transaction.atomic():
        Fundamentals.objects.create(**stated)


class IntervalTests(SimpleTestCase):
    def test_has_a_length(self):
        lengths = [interval.length // timedelta(minutes=1) for interval in Interval]

        self.assertEqual(lengths, [1, 5, 15, 60, 240, 1440])
