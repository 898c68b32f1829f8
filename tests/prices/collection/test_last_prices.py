from __future__ import annotations

from decimal import Decimal

from prices.demo.upbit import Market
from prices.models import Instrument, LastPrice, Rate
from tests.prices.collection.case import CollectionTestCase


class CollectCryptoDataTests(CollectionTestCase):
    def setUp(self) -> None:
        super().setUp()
        tether = Market(code="KRW-USDT", name="Tether", local_name="테더", price=Decimal(1463))
        self.server.markets["KRW-USDT"] = tether

    def test_keeps_the_last_price_of_each_instrument(self):
        run = self.collect("collect_crypto_data", exchange="upbit")

        self.assertEqual((run.result["instruments"], run.result["new"]), (7, 7))
        self.assertEqual(LastPrice.objects.count(), 7)
        asked = [request.path for request in self.server.requests]
        self.assertEqual(asked, ["/v1/market/all", "/v1/ticker/all"])

    def test_what_a_stablecoin_costs_is_an_implied_rate(self):
        self.collect("collect_crypto_data", exchange="upbit")

        rate = Rate.objects.get()
        last = LastPrice.objects.get(instrument__venue_id="KRW-USDT")
        self.assertEqual((rate.base_currency, rate.quote_currency), ("USDT", "KRW"))
        self.assertEqual((rate.kind, rate.source), ("implied", "upbit"))
        self.assertEqual((rate.rate, rate.at), (last.price, last.traded_at))

    def test_a_future_of_a_stablecoin_is_no_rate(self):
        self.make_listed()
        Instrument.objects.filter(venue_id="KRW-USDT").update(symbol="USDT/KRW:KRW")

        self.collect("collect_crypto_data", exchange="upbit")

        self.assertFalse(Rate.objects.exists())

    def test_counts_what_the_list_did_not_have_yet(self):
        self.make_listed()
        new = Market(code="KRW-NEW", name="New", local_name="새", price=Decimal(5))
        self.server.markets["KRW-NEW"] = new

        run = self.collect("collect_crypto_data", exchange="upbit")

        self.assertEqual((run.status, run.result["unknown"]), ("succeeded", 1))
        self.assertEqual(LastPrice.objects.count(), 7)
