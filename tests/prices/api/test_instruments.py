from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from prices.models import Fundamentals, InstrumentAlias
from prices.store import Series, write_candles
from tests.prices.factories import make_instrument
from tests.scheduling.api.case import ApiTestCase

HOUR = timedelta(hours=1)


class InstrumentTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.coin = make_instrument(venue_id="KRW-BTC", name="Bitcoin", is_tracked=True)
        self.stock = make_instrument(
            venue="kis", market="KOSPI", venue_id="005930", symbol="005930", kind="stock",
            local_name="삼성전자", base_currency="",
        )  # fmt: skip

    def ids(self, **query: Any) -> list[str]:
        answer = self.api.get("/api/instruments", query)
        return [row["venue_id"] for row in answer.json()["results"]]

    def test_instruments_are_listed_with_how_fresh_they_are(self):
        now = timezone.now()
        asked = (now - 30 * HOUR, now - 10 * HOUR)
        write_candles(Series(self.coin, "1h"), [], fetched_at=now, asked=asked)

        answer = self.api.get("/api/instruments", {"venue": "upbit"}).json()

        (row,) = answer["results"]
        self.assertEqual((answer["count"], row["id"]), (1, self.coin.pk))
        self.assertEqual(list(row["freshness"]), ["1h"])
        self.assertEqual(row["freshness"]["1h"]["state"], "stale")
        self.assertAlmostEqual(row["freshness"]["1h"]["late_seconds"], 9 * 3600, delta=60)

    def test_they_are_filtered_and_searched(self):
        InstrumentAlias.objects.create(
            instrument=self.stock, venue_id="A00593", renamed_on=date(2026, 3, 2)
        )

        self.assertEqual(self.ids(market="KOSPI"), ["005930"])
        self.assertEqual(self.ids(kind="crypto"), ["KRW-BTC"])
        self.assertEqual(self.ids(is_tracked="false"), ["005930"])
        self.assertEqual(self.ids(search="삼성"), ["005930"])
        self.assertEqual(self.ids(search="bitc"), ["KRW-BTC"])
        self.assertEqual(self.ids(search="A0059"), ["005930"])
        self.assertEqual(self.ids(ordering="-venue"), ["KRW-BTC", "005930"])

    def test_an_unknown_filter_is_refused(self):
        answer = self.api.get("/api/instruments", {"venu": "upbit"})

        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json()["venu"], ["Unknown parameter. Did you mean 'venue'?"])

    def test_one_has_its_names_of_old_and_its_newest_figures(self):
        for year in (2025, 2026):
            Fundamentals.objects.create(
                instrument=self.stock, stated_on=date(year, 3, 2), roe=Decimal("-4.97")
            )
        InstrumentAlias.objects.create(
            instrument=self.stock, venue_id="A00593", renamed_on=date(2026, 3, 2)
        )

        row = self.api.get(f"/api/instruments/{self.stock.pk}").json()

        self.assertEqual(row["aliases"], [{"venue_id": "A00593", "renamed_on": "2026-03-02"}])
        figures = row["fundamentals"]
        self.assertEqual((figures["stated_on"], figures["roe"], figures["sales"]),
                         ("2026-03-02", "-4.97", None))  # fmt: skip

    def test_an_unknown_one_is_not_found(self):
        self.assertEqual(self.api.get("/api/instruments/0").status_code, 404)

    def test_a_page_takes_the_same_queries_for_two_as_for_twenty(self):
        # 1. count  2. instruments  3. how fresh each is in each interval
        for count in (0, 18):
            for number in range(count):
                make_instrument(venue_id=f"KRW-{number}")
            with self.assertNumQueries(3):
                self.api.get("/api/instruments")
