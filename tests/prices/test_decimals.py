from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F, FloatField, Sum
from django.db.models.functions import Cast
from django.forms.models import model_to_dict
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from prices.models import Candle
from tests.prices.factories import make_candle


class ExactDecimalFieldTests(TestCase):
    def assert_survives(self, text: str) -> None:
        candle = make_candle(volume=Decimal(text))

        candle.refresh_from_db()

        self.assertEqual(candle.volume, Decimal(text))

    def test_keeps_an_amount_of_more_than_fifteen_digits(self):
        self.assert_survives("1508213014.60514045")

    def test_keeps_a_quadrillion_with_eighteen_decimals(self):
        self.assert_survives("1000000000000000.000000000000000001")

    def test_keeps_the_price_of_a_coin_that_is_worth_almost_nothing(self):
        self.assert_survives("0.000000000091")

    def test_rounds_further_decimals_half_to_even(self):
        candle = make_candle(volume=Decimal("0.0000000000000000025"))

        candle.refresh_from_db()

        self.assertEqual(candle.volume, Decimal("0.000000000000000002"))

    def test_refuses_a_number_of_too_many_digits(self):
        with self.assertRaises(InvalidOperation):
            make_candle(volume=Decimal(10) ** 20)

    def test_refuses_what_is_no_number(self):
        for text in ("NaN", "Infinity"):
            refused = self.assertRaises((InvalidOperation, ValidationError))
            with self.subTest(text), refused, transaction.atomic():
                make_candle(volume=Decimal(text))

    def test_filters_by_number_and_not_by_text(self):
        make_candle(volume=Decimal("9"), opened_at=datetime(2026, 3, 1, tzinfo=UTC))
        make_candle(volume=Decimal("10"), opened_at=datetime(2026, 3, 2, tzinfo=UTC))

        self.assertEqual(Candle.objects.filter(volume__gt=9).count(), 1)
        self.assertEqual(Candle.objects.filter(volume__lt=Decimal("9.5")).count(), 1)
        self.assertEqual(Candle.objects.filter(volume__gte=9, volume__lte=10).count(), 2)

    def test_finds_an_equal_number_however_it_was_written(self):
        make_candle(volume=Decimal("-0.00"))

        self.assertTrue(Candle.objects.filter(volume=0).exists())
        self.assertTrue(Candle.objects.filter(volume__in=[Decimal("0.000")]).exists())

    def test_compares_two_columns(self):
        make_candle(open=Decimal("9"), high=Decimal("10"), low=Decimal("9"), close=Decimal("10"))

        self.assertTrue(Candle.objects.filter(close__gt=F("open")).exists())

    def test_orders_by_a_cast(self):
        for day, volume in enumerate(["10", "9", "100"], start=1):
            make_candle(volume=Decimal(volume), opened_at=datetime(2026, 3, day, tzinfo=UTC))

        ordered = Candle.objects.order_by(Cast("volume", FloatField()))

        self.assertEqual([int(candle.volume) for candle in ordered], [9, 10, 100])

    def test_refuses_a_sum_that_sqlite_made_of_floats(self):
        make_candle()

        if connection.vendor == "sqlite":
            with self.assertRaisesMessage(TypeError, "Sum them in Python"):
                Candle.objects.aggregate(total=Sum("volume"))
        else:
            self.assertEqual(Candle.objects.aggregate(total=Sum("volume"))["total"], 12)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"low": Decimal("9.5")}, id="low-above-the-open"),
        pytest.param({"high": Decimal("9.9")}, id="high-below-the-close"),
        pytest.param({"volume": Decimal("-1")}, id="volume-below-zero"),
        pytest.param({"quote_volume": Decimal("-1")}, id="quote-volume-below-zero"),
        pytest.param({"interval": "2m"}, id="unknown-interval"),
    ],
)
def test_candle_that_cannot_be_is_refused_by_the_database(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_candle(**wrong)


class CandleTests(TestCase):
    def test_is_one_per_instrument_interval_and_opening(self):
        candle = make_candle()

        with self.assertRaises(IntegrityError):
            make_candle(instrument=candle.instrument)

    def test_of_two_intervals_open_at_the_same_time(self):
        candle = make_candle()

        make_candle(instrument=candle.instrument, interval="1h")

        self.assertEqual(Candle.objects.count(), 2)

    def test_many_rows_go_to_postgresql_as_one_array_for_each_column(self):
        candle = make_candle()
        rows = [
            Candle(
                **{**model_to_dict(candle, exclude=["id", "instrument"]), "opened_at": at},
                instrument=candle.instrument,
            )
            for at in (datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
        ]

        with CaptureQueriesContext(connection) as queries:
            Candle.objects.bulk_create(rows)

        (insert,) = [query["sql"] for query in queries if "INSERT" in query["sql"]]
        self.assertEqual("UNNEST" in insert, connection.vendor == "postgresql")
