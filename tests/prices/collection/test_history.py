from __future__ import annotations

from typing import Any

from prices.models import Candle, Instrument
from scheduling.models import Run
from tests.prices.collection.case import HOUR, CollectionTestCase


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

    def test_nothing_tracked_is_said_and_no_failure(self):
        self.track()

        run = self.update()

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", 0))

    def test_a_new_installation_lists_the_tracked_markets_first(self):
        run = self.update(at=self.now)

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", 6))

    def test_an_incremental_update_begins_with_the_last_final_candle_minus_two(self):
        self.track("KRW-BTC")
        self.update(at=self.now - 5 * HOUR)
        Candle.objects.filter(opened_at__lt=self.now - 8 * HOUR).delete()
        self.requested()

        run = self.update(at=self.now, incremental=True)

        self.assertEqual((run.result["new"], run.result["calls"]), (5, 1))
        (request,) = self.server.requests
        self.assertLessEqual(int(request.params["count"]), 9)
