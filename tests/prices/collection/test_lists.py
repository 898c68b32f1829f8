from __future__ import annotations

from unittest import mock

from django.test import override_settings

from prices.demo.kis import KisServer
from prices.demo.server import Reply
from prices.demo.upbit import made_up_markets
from prices.models import Fundamentals, Instrument
from prices.venues.kis import Kis
from scheduling.engine.inline import run_here
from tests.prices.collection.case import CollectionTestCase


class CollectSymbolsTests(CollectionTestCase):
    def test_stores_what_a_venue_lists_and_tracks_its_tracked_markets(self):
        run = self.collect("collect_symbols", exchange="upbit")

        self.assertEqual(run.result["exchanges"]["upbit"]["added"], 6)
        self.assertEqual(Instrument.objects.filter(is_tracked=True).count(), 6)
        self.assertEqual(self.instrument().local_name, "비트코인")

    @override_settings(TRACKED_MARKETS=[("kis", "KRW")])
    def test_a_market_that_is_not_tracked_is_listed_all_the_same(self):
        self.make_listed()

        self.assertEqual(Instrument.objects.filter(is_tracked=False).count(), 6)

    def test_a_list_that_has_shrunk_delists_nothing_and_says_so(self):
        self.server.markets = made_up_markets(20)
        self.make_listed()
        whole, self.server.markets = self.server.markets, made_up_markets(10)

        run = self.collect("collect_symbols", exchange="upbit")

        self.assertEqual(run.status, "degraded")
        self.assertIn("the list lacks 10 instruments, more than a tenth", run.reason)
        self.assertFalse(Instrument.objects.filter(state="delisted").exists())
        self.server.markets = whole
        self.assertEqual(run_here(run.retry_failed()).status, "succeeded")

    def test_one_exchange_that_is_unknown_does_not_keep_the_other_from_its_list(self):
        run = self.collect("collect_symbols", exchange="upbit, upbeat")

        self.assertEqual((run.status, run.result["retry"]), ("degraded", {"exchange": "upbeat"}))
        self.assertEqual(Instrument.objects.count(), 6)

    def test_without_an_exchange_of_ccxt_there_is_nothing_to_do(self):
        run = self.collect("update_exchange_symbols")

        self.assertEqual((run.status, run.result), ("succeeded", {"exchanges": {}}))


class CollectKisTests(CollectionTestCase):
    def setUp(self):
        super().setUp()
        self.kis = self.enterContext(KisServer(limit=1000))
        self.enterContext(mock.patch.object(Kis, "calls_per_second", {"files": 1000.0}))
        self.enterContext(
            override_settings(
                KIS_MASTER_URL=self.kis.files_url, KIS_MARKETS=["KOSPI", "KOSDAQ", "NAS"]
            )
        )

    def test_stores_all_markets_with_their_fundamentals(self):
        run = self.collect("collect_symbols", exchange="kis")

        self.assertEqual(run.result["exchanges"]["kis"]["added"], 11)
        self.assertTrue(Instrument.objects.filter(venue_id="NASAAPL", market="NAS").exists())
        self.assertEqual(Fundamentals.objects.count(), 9)

    def test_a_damaged_file_delists_nothing_and_keeps_no_other_market_from_its_list(self):
        self.collect("collect_symbols", exchange="kis")
        del self.kis.stocks["900110"]
        self.kis.reply_instead(Reply(body=b"PK", content_type="application/zip"))

        run = self.collect("collect_symbols", exchange="kis")

        self.assertEqual(run.status, "degraded")
        self.assertIn("master file of KOSPI is no whole zip", run.reason)
        delisted = Instrument.objects.filter(state="delisted").values_list("venue_id", flat=True)
        self.assertEqual(list(delisted), ["900110"])
        self.assertEqual(run_here(run.retry_failed()).status, "succeeded")

    def test_a_venue_of_which_no_file_can_be_read_fails(self):
        self.kis.stocks.clear()

        run = self.collect("collect_symbols", exchange="kis")

        self.assertEqual(run.status, "failed")
        self.assertIn("kis /kospi_code.mst.zip answered 404", run.error)
