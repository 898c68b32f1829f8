from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.test import override_settings

from snapshots.models import Flow, Snapshot
from snapshots.upkeep.staleness import look
from tests.snapshots.api.case import NOON, PortfolioTestCase
from tests.snapshots.curves import MONDAY, days, make_tracked, put, quarter
from tests.snapshots.factories import make_context


class CachedTests(PortfolioTestCase):
    def test_balances_are_the_newest_of_each_account(self):
        body = self.get("/balances/current")

        self.assertEqual((body["value"], body["as_of"]), ("121.00", "2026-03-04T12:00:00Z"))
        self.assertEqual(body["accounts"][0]["snapshot"]["id"], self.now.pk)
        self.assertEqual([one["ticker"] for one in body["positions"]], ["BTC"])
        self.assertGreater(body["age_seconds"], 0)

    def test_what_the_source_says_of_costs_stands_beside(self):
        put(self.now, "ETH", 1, 50, cost=Decimal(20))

        body = self.get("/balances/current")

        says = [(one["cost"], one["unrealized"]) for one in body["positions"]]
        self.assertEqual(says, [(None, None), ("20.00", "30.00")])
        self.assertEqual(
            body["accounts"][0]["source_says"],
            {"positions": 1, "value": "50.00", "cost": "20.00", "unrealized": "30.00"},
        )

    def test_stand_at_the_root_and_under_api(self):
        for path in ("/balances/current", "/portfolio/metrics"):
            values = [self.get(one)["value"] for one in (path, f"{path}/", f"/api{path}")]
            self.assertEqual(values, ["121.00"] * 3)

    def test_what_the_asker_has_already_is_not_sent_again(self):
        for path in ("/balances/current", "/portfolio/metrics", "/api/risk/dashboard"):
            first = self.api.get(path)
            for tag in (first["ETag"], first["ETag"][2:], f'"x", {first["ETag"]}', "*"):
                again = self.api.get(path, headers={"If-None-Match": tag})

                self.assertEqual((again.status_code, again.content), (304, b""), (path, tag))

    def test_newer_snapshot_is_told_at_once(self):
        first = self.api.get("/balances/current")
        days(self.account, [130], first=MONDAY.replace(day=4))

        again = self.api.get("/balances/current", headers={"If-None-Match": first["ETag"]})

        self.assertEqual(again.json()["value"], "130.00")

    def test_what_somebody_decides_about_the_past_is_told_at_once(self):
        old = Snapshot.objects.earliest()
        paths = ("/portfolio/metrics", "/api/risk/dashboard")
        tags = {path: self.api.get(path)["ETag"] for path in paths}

        old.edit(total_value=Decimal(50), by=self.steve, reason="A deposit was missing.")

        for path, tag in tags.items():
            again = self.api.get(path, headers={"If-None-Match": tag})
            third = self.api.get(path, headers={"If-None-Match": again["ETag"]})
            self.assertEqual((again.status_code, third.status_code), (200, 304), path)

    def test_a_flow_that_comes_or_goes_is_told_at_once(self):
        at = Snapshot.objects.earliest().slot_at + timedelta(hours=1)
        tags = [self.api.get("/portfolio/metrics")["ETag"]]

        flow, _ = Flow.objects.record(account=self.account, at=at, amount=Decimal(5))
        tags.append(self.api.get("/portfolio/metrics")["ETag"])
        flow.delete()
        tags.append(self.api.get("/portfolio/metrics")["ETag"])

        self.assertEqual([tag == tags[0] for tag in tags], [True, False, True])

    def test_within_its_time_an_answer_is_not_built_again(self):
        self.get("/api/risk/dashboard")

        with self.assertNumQueries(3):  # the reporting currency, the accounts, their changes
            self.get("/api/risk/dashboard")

    @override_settings(PORTFOLIO_CACHE_SECONDS=0)
    def test_metrics_tell_reasons_for_what_there_is_too_little_data_for(self):
        body = self.get("/portfolio/metrics")

        self.assertEqual(body["measures"]["volatility"]["value"], None)
        self.assertIn("30 are needed", body["measures"]["volatility"]["reason"])
        self.assertEqual(body["pnl"][0]["period"], "today")
        self.assertAlmostEqual(body["measures"]["total"]["value"], 0.1)

    def test_metrics_of_a_period_are_its_own(self):
        found = {name: self.get("/portfolio/metrics", period=name) for name in ("mtd", "inception")}

        self.assertIn("No end of a day before", found["mtd"]["turnover"]["reason"])
        self.assertEqual(found["inception"]["turnover"]["value"], 0.0)
        self.assertEqual(self.api.get("/portfolio/metrics", {"period": "day"}).status_code, 400)

    def test_risk_tells_where_the_value_lies_and_what_is_behind_it(self):
        put(self.now, "EUR", 10, 11, kind="currency")

        body = self.get("/api/risk/dashboard")

        self.assertEqual([one["name"] for one in body["by_kind"]], ["coin", "currency"])
        self.assertEqual(body["data"]["ends_of_days"], 2)
        self.assertEqual(body["drawdown_now"], 0.0)

    def test_portfolio_without_a_snapshot_has_no_value(self):
        for path in ("/balances/current", "/portfolio/metrics", "/api/risk/dashboard"):
            body = self.bobs_api.get(path).json()

            self.assertEqual((body["value"], body["age_seconds"]), (None, None), path)


class PnlViewTests(PortfolioTestCase):
    def test_today_names_its_baseline(self):
        (today,) = self.get("/api/pnl", period="today")

        self.assertEqual((today["label"], today["amount"]), ("P&L", "11.00"))
        self.assertEqual(today["baseline"]["business_date"], "2026-03-03")
        self.assertAlmostEqual(today["ratio"], 0.1)

    def test_all_periods_if_none_is_named(self):
        found = self.get("/api/pnl")

        self.assertEqual(
            [one["period"] for one in found],
            ["today", "session", "interval", "wtd", "mtd", "ytd", "inception"],
        )

    def test_of_one_account_and_one_source(self):
        other = make_tracked(self.alice, name="Other")
        days(other, [5, 5, 6])

        (of_account,) = self.get("/api/pnl", period="today", account=other.pk)
        (of_all,) = self.get("/api/pnl", period="today", source="cointracking")

        self.assertEqual((of_account["amount"], of_all["now"]["at"][:10]), ("1.00", "2026-03-03"))

    def test_wrong_parameters_are_named(self):
        for query, field in (
            ({"period": "decade"}, "period"), ({"perod": "today"}, "perod"),
            ({"currency": "dollar"}, "currency"), ({"account": "x"}, "account"),
        ):  # fmt: skip
            answer = self.api.get("/api/pnl", query)

            self.assertEqual((answer.status_code, field in answer.json()), (400, True), query)


class ListTests(PortfolioTestCase):
    def test_accounts(self):
        (account,) = self.get("/api/accounts")["results"]

        self.assertEqual((account["name"], account["source"]), ("Main", "cointracking"))
        self.assertNotIn("settings", account)

    def test_accounts_have_their_last_snapshot_and_how_fresh_it_is(self):
        gap = quarter(self.account, NOON + timedelta(minutes=15), None, status="failed")
        look(make_context(scheduled_at=NOON + timedelta(minutes=20)))

        (account,) = self.get("/api/accounts")["results"]

        self.assertEqual(account["snapshot"]["id"], gap.pk)
        self.assertEqual(account["freshness"]["state"], "unreadable")

    def test_snapshot_has_its_rates_with_their_time_and_source(self):
        Snapshot.objects.filter(pk=self.now.pk).update(
            reporting_currency="CHF", total_reporting=100, reporting_rate=Decimal("0.8"),
            reporting_at=NOON, reporting_source="ECB", min_usd=5,
        )  # fmt: skip

        found = self.get("/api/snapshots", kind="intraday")["results"][0]

        names = ("total_reporting", "reporting_rate", "reporting_at", "reporting_source", "min_usd")
        self.assertEqual(
            [found[name] for name in names], ["100.00", "0.8", "2026-03-04T12:00:00Z", "ECB", "5"]
        )

    def test_snapshots_by_kind_status_and_time(self):
        for query, count in (
            ({}, 3), ({"kind": "eod"}, 2), ({"status": "failed"}, 0),
            ({"slot_from": "2026-03-04T00:00:00Z"}, 1), ({"business_date": "2026-03-02"}, 1),
        ):  # fmt: skip
            self.assertEqual(self.get("/api/snapshots", **query)["count"], count, query)

    def test_wrong_choices_are_named_and_of_nobody_there_is_none(self):
        for path in ("/api/accounts", "/api/snapshots", "/api/pnl"):
            wrong = self.api.get(path, {"source": "kraken"})
            others = [self.bobs_api.get(path, {"user_id": one}) for one in ("alice", "nobody")]

            self.assertIn("kraken", wrong.json()["source"][0])
            self.assertIn("is none of: cointracking, ", wrong.json()["source"][0])
            self.assertEqual([one.status_code for one in others], [404, 404], path)


class ChartTests(PortfolioTestCase):
    def test_curve_has_gaps_and_what_is_missing(self):
        days(self.account, [None, 120], first=MONDAY.replace(day=4))

        body = self.get("/api/portfolio/curve", range="1M")

        self.assertEqual(body["columns"]["value"], ["100.00", "110.00", None, "120.00"])
        self.assertEqual(body["drawdown"], [0.0, 0.0, None, 0.0])
        self.assertEqual(body["columns"]["missing"][2], ["Main (cointracking)"])
        self.assertEqual(body["columns"]["status"], ["accepted", "accepted", None, "accepted"])

    def test_each_range_answers_up_to_now(self):
        counts = {
            name: len(self.get("/api/portfolio/curve", range=name)["columns"]["at"])
            for name in ("1D", "1W", "1M", "3M", "YTD", "1Y", "Max")
        }

        self.assertEqual(counts["1W"], 3)
        self.assertEqual({counts[name] for name in ("1M", "3M", "YTD", "1Y", "Max")}, {3})

    def test_days_and_explanation(self):
        (amount,) = self.get("/api/portfolio/days")["columns"]["amount"]
        explained = self.get("/api/portfolio/explain")

        self.assertEqual(Decimal(amount), 10)
        self.assertEqual(Decimal(explained["split"]["price"]), 11)
        self.assertEqual(explained["columns"]["ticker"], ["BTC"])

    def test_tables_are_csv_that_is_no_formula(self):
        put(self.now, "=1+1", 1, -5)

        answer = self.api.get("/api/portfolio/allocation", {"format": "csv"})

        lines = answer.content.decode().splitlines()
        self.assertEqual(lines[0], "ticker,name,kind,account,location,value,is_carried")
        self.assertEqual(lines[1], "BTC,,coin,Main (cointracking),,121.00,false")
        self.assertTrue(lines[2].startswith("'=1+1,"))
        self.assertIn(",-5.00,", lines[2])
