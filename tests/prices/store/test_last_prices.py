from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import TestCase

from prices.models import LastPrice
from prices.store import Written, write_last_prices
from prices.venues import base
from tests.prices.factories import NOON, make_instrument

LATER = NOON + timedelta(minutes=10)


def last_price(venue_id: str = "KRW-BTC", price: str = "10", **overrides: Any) -> base.LastPrice:
    values: dict[str, Any] = {
        "traded_at": NOON,
        "volume": Decimal(3),
        "quote_volume": Decimal(30),
    }
    return base.LastPrice(venue_id=venue_id, price=Decimal(price), **(values | overrides))


class WriteLastPricesTests(TestCase):
    def setUp(self):
        for venue_id in ("KRW-BTC", "KRW-ETH"):
            make_instrument(venue_id=venue_id)

    def write(self, *prices, fetched_at=NOON):
        return write_last_prices("upbit", prices, fetched_at=fetched_at)

    def test_keeps_one_row_of_each_instrument(self):
        first = self.write(last_price(), last_price("KRW-ETH"))
        second = self.write(last_price(price="11"), last_price("KRW-ETH"), fetched_at=LATER)

        self.assertEqual(first, (Written(new=2), 0))
        self.assertEqual(second, (Written(changed=1, unchanged=1), 0))
        self.assertEqual({row.price for row in LastPrice.objects.all()}, {Decimal(10), Decimal(11)})
        self.assertEqual({row.fetched_at for row in LastPrice.objects.all()}, {LATER})

    def test_what_was_fetched_later_stays(self):
        self.write(last_price(price="11"), fetched_at=LATER)

        self.write(last_price(price="10"), fetched_at=NOON)

        self.assertEqual(LastPrice.objects.get().price, Decimal(11))

    def test_counts_what_is_listed_and_not_known(self):
        self.assertEqual(self.write(last_price("KRW-NEW")), (Written(), 1))

    def test_a_digit_too_many_is_no_change(self):
        self.write(last_price(price="0.1234567890123456789"))

        written, _ = self.write(last_price(price="0.1234567890123456789"), fetched_at=LATER)

        self.assertEqual(written, Written(unchanged=1))
