from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from prices.models import Budget, BudgetUse, Circuit
from prices.models.budget_use import Use
from prices.store import Series, write_candles
from prices.venues.base import floor_to
from tests.prices.factories import make_instrument
from tests.scheduling.api.case import ApiTestCase

HOUR = timedelta(hours=1)


class ExchangesTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = timezone.now()
        self.instrument = make_instrument(last_listed_at=self.now)
        Budget.objects.create(venue="upbit", group="candles", taken=70)

    def upbit(self) -> dict[str, object]:
        (venue,) = self.api.get("/api/exchanges", {"name": "upbit"}).json()["results"]
        return dict(venue)

    def test_a_venue_tells_who_takes_how_much_of_its_budget(self):
        hour = floor_to(HOUR, self.now)
        for job, ago, calls in (("daily", 0, 3), ("hourly", 0, 2), ("hourly", 1, 2),
                                ("hourly", 30, 9)):  # fmt: skip
            use = Use("upbit", "", "candles", job, hour - ago * HOUR)
            BudgetUse.objects.add({use: calls})

        (budget,) = self.upbit()["budgets"]

        self.assertEqual((budget["group"], budget["taken"], budget["calls"]), ("candles", 70, 7))
        self.assertEqual(
            budget["jobs"], [{"job": "hourly", "calls": 4}, {"job": "daily", "calls": 3}]
        )

    def test_a_breaker_tells_until_when_and_why(self):
        self.assertEqual((self.upbit()["state"], self.upbit()["breaker"]), ("ready", []))
        until = self.now + HOUR
        Circuit.objects.break_open(
            venue="upbit", key="", now=self.now, until=until, reason="418: blocked"
        )

        venue = self.upbit()

        self.assertEqual(venue["state"], "banned")
        self.assertEqual(venue["breaker"][0]["reason"], "418: blocked")
        self.assertEqual(venue["breaker"][0]["until"], until.isoformat().replace("+00:00", "Z"))

    def test_a_venue_that_wants_keys_says_so(self):
        with self.settings(KIS_APP_KEY="", KIS_APP_SECRET=""):
            (venue,) = self.api.get("/api/exchanges", {"state": "no_keys"}).json()["results"]

        self.assertEqual(venue["name"], "kis")

    def test_it_tells_what_was_collected_last(self):
        asked = (self.now - 2 * HOUR, self.now - HOUR)
        write_candles(Series(self.instrument, "1h"), [], fetched_at=self.now, asked=asked)

        last = self.upbit()["last_collection"]

        self.assertEqual(list(last["candles_until"]), ["1h"])
        self.assertIsNotNone(last["listed_at"])
        self.assertIsNone(last["last_prices_at"])

    def test_a_state_that_there_is_not_is_answered_with_those_that_there_are(self):
        answer = self.api.get("/api/exchanges", {"state": "open"})

        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json()["state"], ["Use one of ready, banned, no_keys."])

    def test_venues_are_filtered_and_paged(self):
        for number in range(3):
            make_instrument(venue=f"venue{number}")

        page = self.api.get("/api/exchanges", {"page_size": 2}).json()
        banned = self.api.get("/api/exchanges", {"state": "banned"}).json()
        unknown = self.api.get("/api/exchanges", {"stat": "banned"})

        self.assertGreaterEqual(page["count"], 4)
        self.assertEqual((len(page["results"]), banned["count"]), (2, 0))
        self.assertEqual(unknown.json()["stat"], ["Unknown field. Did you mean 'state'?"])

    def test_it_takes_the_same_queries_for_one_venue_as_for_many(self):
        # 1. instruments by venue  2. circuits  3. budgets  4. uses  5. last prices  6. coverage
        for number in range(2):
            make_instrument(venue=f"venue{number}")
            with self.assertNumQueries(6):
                self.api.get("/api/exchanges")
