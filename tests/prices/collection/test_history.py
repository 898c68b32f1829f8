from __future__ import annotations

from typing import Any

from django.test import override_settings

from prices.models import Candle, Instrument
from scheduling.models import Run
from tests.prices.collection.case import HOUR, CollectionTestCase
from tests.prices.factories import make_instrument


class UpdatePriceHistoryTests(CollectionTestCase):
    def update(self, **params: Any) -> Run:
        return self.collect("update_price_history", **{"interval": "1h", "days_back": 2} | params)

    def track(self, *venue_ids: str) -> None:
        self.make_listed()
        Instrument.objects.exclude(venue_id__in=venue_ids).update(is_tracked=False)

    def test_collects_what_is_tracked(self):
        self.track("KRW-BTC", "KRW-ETH")

        run = self.update(at=self.now)

        self.assertEqual((run.result["instruments"], run.result["new"]), (2, 98))
        self.assertEqual(self.requested(), ["KRW-BTC", "KRW-ETH"])

    def test_what_is_named_need_not_be_tracked(self):
        self.track()

        run = self.update(at=self.now, symbols=["upbit:KRW-BTC", "ETH/KRW"])

        self.assertEqual(run.result["instruments"], 2)

    @override_settings(KIS_APP_KEY="", KIS_APP_SECRET="")
    def test_what_is_tracked_at_a_venue_without_keys_fails_by_name(self):
        self.track("KRW-BTC")
        make_instrument(venue="kis", venue_id="005930", market="KOSPI", is_tracked=True)

        run = self.update(at=self.now, interval="1d")

        self.assertEqual((run.status, run.result["result"]["failed"]), ("degraded", 1))
        self.assertIn("kis tells no prices without keys. Set KIS_APP_KEY and", run.reason)
        self.assertEqual(run.result["retry"], {"symbols": ["kis:005930"]})

    def test_an_interval_that_a_venue_lacks_leaves_its_instruments_out(self):
        self.track("KRW-BTC")
        make_instrument(venue="kis", venue_id="005930", market="KOSPI", is_tracked=True)

        with override_settings(KIS_APP_KEY="key", KIS_APP_SECRET="secret"):
            run = self.update(at=self.now, interval="1h")

        said = {"kis": "kis has no candles of 1h, only 1d."}
        self.assertEqual((run.status, run.result["left_out"]), ("succeeded", said))
        self.assertEqual(run.result["instruments"], 1)

    def test_an_interval_that_a_venue_lacks_fails_where_its_instrument_is_named(self):
        self.track("KRW-BTC")
        make_instrument(venue="kis", venue_id="005930", market="KOSPI")

        with override_settings(KIS_APP_KEY="key", KIS_APP_SECRET="secret"):
            run = self.update(at=self.now, symbols=["KRW-BTC", "005930"])

        self.assertEqual((run.status, run.result["result"]["left_out"]), ("degraded", {}))
        self.assertIn("1 of 2 instruments failed: kis:005930. Not tried: kis has no", run.reason)

    def test_a_venue_without_the_market_is_left_out_of_a_run_for_all(self):
        self.make_listed()
        make_instrument(venue="kis", venue_id="005930", market="KOSPI")

        with override_settings(KIS_APP_KEY="key", KIS_APP_SECRET="secret"):
            run = self.collect(exchange="all", market="KRW", at=self.now)
            nowhere = self.collect(exchange="all", market="KRX", at=self.now)

        said = {"kis": "kis has no market 'KRW'. Known: KOSPI."}
        self.assertEqual((run.status, run.result["left_out"]), ("succeeded", said))
        self.assertEqual((nowhere.status, nowhere.attempt), ("failed", 1))
        self.assertIn("'KRX'. Known: KOSPI. upbit has no market 'KRX'. Known: KRW.", nowhere.error)

    @override_settings(KIS_APP_KEY="", KIS_APP_SECRET="")
    def test_a_venue_without_keys_is_left_out_of_a_run_for_all(self):
        run = self.collect(exchange="all", at=self.now)

        self.assertEqual((run.status, run.result["exchanges"]), ("succeeded", ["upbit"]))
        self.assertIn("Set KIS_APP_KEY", run.result["left_out"]["kis"])

    @override_settings(KIS_APP_KEY="", KIS_APP_SECRET="")
    def test_a_venue_without_keys_that_is_named_fails(self):
        run = self.collect(exchange="kis", interval="1d")

        self.assertEqual(run.status, "failed")
        self.assertIn("kis tells no prices without keys.", run.error)

    def test_nothing_tracked_is_said_and_no_failure(self):
        self.track()

        run = self.update()

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", 0))

    def test_a_new_installation_lists_the_tracked_markets_first(self):
        run = self.update(at=self.now)

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", 6))

    def test_a_new_installation_lists_the_venue_of_what_is_named_first(self):
        run = self.update(at=self.now, symbols=["upbit:KRW-BTC"])

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", 1))

    def test_an_incremental_update_begins_with_the_last_final_candle_minus_two(self):
        self.track("KRW-BTC")
        self.update(at=self.now - 5 * HOUR)
        Candle.objects.filter(opened_at__lt=self.now - 8 * HOUR).delete()
        self.requested()

        run = self.update(at=self.now, incremental=True)

        self.assertEqual((run.result["new"], run.result["calls"]), (5, 1))
        (request,) = self.server.requests
        self.assertLessEqual(int(request.params["count"]), 9)
