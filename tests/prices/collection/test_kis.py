from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

from django.test import override_settings

from prices.demo.kis import APP_KEY, APP_SECRET, DAILY, TOKEN, KisServer
from prices.demo.server import Reply, Request
from prices.models import AccessToken, Candle
from prices.venues.kis import Kis
from scheduling.models import Run
from tests.prices.collection.case import CollectionTestCase
from tests.prices.venues.kis_case import KEYS
from vault.secret import Secret

WINDOWS, STOCKS = 4, 12


class EndingServer(KisServer):
    """Its token ends before the tenth call."""

    calls = 0

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self.calls += request.path == DAILY
            if self.calls == 10:
                self.end_token()
                self.calls += 1
        return super().reply(request)


class CollectKisTests(CollectionTestCase):
    def setUp(self):
        super().setUp()
        self.kis = self.enterContext(EndingServer(limit=10_000, stocks=25))
        self.enterContext(mock.patch.object(Kis, "calls_per_second", {"files": 1000.0}))
        self.enterContext(
            override_settings(
                KIS_URL=self.kis.url,
                KIS_MASTER_URL=self.kis.files_url,
                KIS_MARKETS=["KOSPI", "KOSDAQ"],
                KIS_APP_KEY=APP_KEY,
                KIS_APP_SECRET=APP_SECRET,
                KIS_CALLS_PER_SECOND=1000.0,
            )
        )
        now = datetime.now(UTC)
        row = AccessToken.objects.shared(venue="kis", key=KEYS.mark)
        token = Secret(self.kis.issue_token())
        row.keep(token, issued_at=now, expires_at=now + timedelta(hours=12))

    def collect_kis(self) -> Run:
        return self.collect(exchange="kis", interval="1d", days_back=430)

    def asked_for(self, path: str) -> int:
        return sum(request.path == path for request in self.kis.requests)

    def test_a_dozen_codes_come_a_hundred_days_a_call_through_the_end_of_a_token(self):
        run = self.collect_kis()

        self.assertEqual((run.status, run.result["instruments"]), ("succeeded", STOCKS))
        self.assertEqual(run.result["new"], Candle.objects.count())
        self.assertGreater(Candle.objects.count(), STOCKS * 300)
        self.assertEqual(self.asked_for(TOKEN), 1)
        refused = self.asked_for(DAILY) - STOCKS * WINDOWS
        self.assertTrue(1 <= refused <= 4, refused)  # as many as there are threads

    def test_a_second_time_writes_nothing(self):
        self.collect_kis()
        asked = self.asked_for(DAILY)

        run = self.collect_kis()

        self.assertEqual((run.status, run.result["new"]), ("succeeded", 0))
        self.assertLessEqual(self.asked_for(DAILY) - asked, STOCKS)  # for what is not final yet
