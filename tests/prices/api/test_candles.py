from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from prices.models import CorporateAction, Instrument
from prices.store import Series, write_candles
from tests.prices.factories import NOON, hourly_candle, make_instrument
from tests.scheduling.api.case import ApiTestCase

HOUR = timedelta(hours=1)


class CandlesTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.instrument = make_instrument(venue_id="KRW-BTC")
        self.series = Series(self.instrument, "1h")
        candles = [hourly_candle(turn, quote_volume="1E+2") for turn in (0, 1, 4, 5)]
        for asked, some in (((0, 2), candles[:2]), ((4, 6), candles[2:])):
            window = (NOON + asked[0] * HOUR, NOON + asked[1] * HOUR)
            write_candles(self.series, some, fetched_at=NOON + 6 * HOUR, asked=window)

    def get(self, accept: str = "application/json", **overrides: Any) -> Any:
        query = {
            "instrument": "upbit:KRW-BTC",
            "interval": "1h",
            "from": "2026-03-02T12:00:00Z",
            "to": "2026-03-02T18:00:00Z",
        } | overrides
        return self.api.get("/api/candles", query, HTTP_ACCEPT=accept)

    def test_candles_come_in_columns_with_exact_numbers_and_gaps(self):
        answer = self.get().json()

        self.assertEqual(
            (answer["symbol"], answer["candles"], answer["points"], answer["intervals_per_point"]),
            ("BTC/KRW", 4, 4, 1),
        )
        columns = answer["columns"]
        self.assertEqual(columns["opened_at"][1], "2026-03-02T13:00:00Z")
        self.assertEqual(columns["high"][0], "11")
        self.assertEqual(columns["quote_volume"][0], "100")
        self.assertEqual(
            answer["gaps"], [{"from": "2026-03-02T14:00:00Z", "to": "2026-03-02T16:00:00Z"}]
        )

    def test_fewer_points_stand_for_several_candles_each(self):
        answer = self.get(points=2).json()

        self.assertEqual((answer["candles"], answer["intervals_per_point"]), (4, 2))
        self.assertEqual(answer["columns"]["volume"], ["24", "24"])
        self.assertEqual(answer["columns"]["candles"], [2, 2])

    def test_adjusted_candles_are_counted_in_todays_units(self):
        CorporateAction.objects.create(
            instrument=self.instrument, kind="split", effective_at=NOON + 4 * HOUR,
            price_factor="0.02", volume_factor=50, source="test",
        )  # fmt: skip

        columns = self.get(adjusted="true").json()["columns"]

        self.assertEqual(columns["close"], ["0.2", "0.2", "10", "10"])

    def test_csv_has_the_same_columns(self):
        for answer in (self.get(accept="text/csv"), self.get(accept="*/*", format="csv")):
            self.assertEqual(answer["Content-Type"], "text/csv; charset=utf-8")
            self.assertIn(".csv", answer["Content-Disposition"])
            self.assertEqual(
                answer.content.decode().splitlines()[:2],
                ["opened_at,open,high,low,close,volume,quote_volume,is_final,candles",
                 "2026-03-02T12:00:00Z,9,11,8,10,12,100,true,1"],
            )  # fmt: skip

    def test_a_series_without_candles_has_empty_columns(self):
        answer = self.get(interval="1d").json()

        self.assertEqual((answer["points"], answer["columns"]["close"]), (0, []))
        # A day that is not over cannot be missing, and this one is long over.
        self.assertEqual(len(answer["gaps"]), 1)

    def test_without_a_window_it_is_what_was_traded_last(self):
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        last = hourly_candle(0, opened_at=now - HOUR)
        write_candles(self.series, [last], fetched_at=now)

        answer = self.api.get("/api/candles", {"instrument": self.instrument.pk, "interval": "1h"})

        self.assertEqual(answer.json()["candles"], 1)

    def test_each_fault_names_its_parameter(self):
        for name, value, words in (
            ("instrument", "upbit:NOPE", "upbit:KRW-BTC"),
            ("instrument", "99999999999999999999", "There is no instrument"),
            ("interval", "2h", "Use one of 1m, 5m"),
            ("from", "2026-03-02", "UTC offset"),
            ("from", "2026-03-02T12:00:00 01:00", "Write + as %2B."),
            ("from", "2026-13-02T12:00:00Z", "wrong format"),
            ("from", "2027-03-02T00:00:00Z", "before `to`"),
            ("points", "0", "greater than or equal to 1"),
            ("adjusted", "perhaps", "boolean"),
            ("intervall", "1h", "Did you mean 'interval'?"),
        ):
            with self.subTest(name=name, value=value):
                answer = self.get(accept="text/csv", **{name: value})
                self.assertEqual((answer.status_code, answer["Content-Type"]),
                                 (400, "application/json"))  # fmt: skip
                self.assertIn(words, " ".join(answer.json()[name]))

    def test_only_those_who_are_logged_in_see_prices(self):
        self.api.force_authenticate(None)

        self.assertEqual(self.get().status_code, 401)

    def test_a_chart_takes_the_same_few_queries_however_long_it_is(self):
        # 1. instrument  2. openings  3. candles  4. coverage
        with self.assertNumQueries(4):
            self.get()
        self.assertEqual(Instrument.objects.count(), 1)
