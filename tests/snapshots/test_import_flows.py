from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase
from django.utils import timezone

from snapshots.models import Flow
from tests.snapshots.factories import make_account
from tests.snapshots.sources.test_trade_table import DEPOSIT, TRADE, table
from tests.snapshots.test_saxo_login import Here, make_saxo_account

SALARY = DEPOSIT.format("Deposit").replace("EUR", "USD")
OUT = "Withdrawal,,,0.50000000,BTC,,,Kraken,,,05.07.2019 10:00:00"
IN = "Deposit,0.49900000,BTC,,,,,Ledger,,,05.07.2019 10:30:00"
GIFT = "Deposit,2.00000000,ETH,,,,,Ledger,,,06.07.2019 10:30:00"


class TradeTableTests(TestCase):
    data_dir: Path

    def setUp(self):
        self.account = make_account(settings={})

    def run_it(self, *rows, timezone="Europe/Zurich", **options):
        path = self.data_dir / "trades.csv"
        path.write_bytes(table(*rows))
        out = StringIO()
        given = {"account": self.account.pk, "timezone": timezone} | options
        call_command("import_flows", path, stdout=out, **given)
        return out.getvalue()

    def test_money_that_came_is_a_flow_at_its_own_time(self):
        said = self.run_it(TRADE, SALARY)

        flow = Flow.objects.get()
        self.assertEqual((flow.amount, flow.currency, flow.note), (1000, "USD", "Salary"))
        self.assertEqual(flow.at.isoformat(), "2019-07-02T15:00:47+00:00")
        self.assertIn("Added 1 flow(s)", said)
        self.assertIn("Neither deposits nor withdrawals: Trade (1).", said)

    def test_the_same_table_again_adds_nothing_and_the_same_row_twice_counts_twice(self):
        self.run_it(SALARY, SALARY)
        said = self.run_it(SALARY, SALARY)

        self.assertEqual(Flow.objects.count(), 2)
        self.assertIn("Added 0 flow(s); 2 were there already", said)

    def test_coins_between_exchanges_are_no_flow(self):
        said = self.run_it(OUT, IN)

        self.assertFalse(Flow.objects.exists())
        self.assertIn("2 row(s) were transfers within the account", said)

    def test_coins_from_outside_are_named_and_not_guessed(self):
        said = self.run_it(GIFT)

        self.assertFalse(Flow.objects.exists())
        self.assertIn("line 2: 2.00000000 ETH at 2019-07-06 08:30Z", said)

    def test_without_a_rate_a_flow_is_not_kept_and_named(self):
        said = self.run_it(SALARY.replace("USD", "EUR"))

        self.assertFalse(Flow.objects.exists())
        self.assertIn("Not kept: 2019-07-02", said)

    def test_08_the_zone_has_to_be_said(self):
        with self.assertRaisesMessage(CommandError, "--timezone is needed"):
            self.run_it(SALARY, timezone="")

    def test_a_table_of_which_all_is_kept_makes_flows_known(self):
        said = self.run_it(TRADE, SALARY)

        self.account.refresh_from_db()
        self.assertEqual(self.account.flows_known_since.isoformat(), "2018-01-30T14:19:25+00:00")
        self.assertIn("All flows from 2018-01-30", said)

    def test_a_table_with_coins_of_unknown_value_does_not(self):
        self.run_it(SALARY, GIFT)

        self.account.refresh_from_db()
        self.assertIsNone(self.account.flows_known_since)

    def test_what_cannot_be_is_told(self):
        for options, message in (
            ({"account": 999}, "There is no account 999"),
            ({}, "line 2, column 2: 'x' is not a number"),
        ):
            with self.assertRaisesMessage(CommandError, message):
                self.run_it(SALARY.replace("1000.00000000", "x"), **options)
        with self.assertRaisesMessage(CommandError, "tells no flows"):
            call_command("import_flows", account=self.account.pk)


class SaxoSeriesTests(Here, TestCase):
    def setUp(self):
        super().setUp()
        self.account = make_saxo_account(self.server)
        self.account.settings = {"usd_rate": {"rate": "1.08", "at": "2026-03-02", "source": "ECB"}}
        self.account.save()
        self.paid_at = timezone.now() - timedelta(days=3)
        self.server.pay_day = self.paid_at.astimezone(self.account.zone).day

    def run_it(self):
        out = StringIO()
        call_command("import_flows", account=self.account.pk, days=5, stdout=out)
        return out.getvalue()

    def enter(self, amount, at):
        Flow.objects.record(account=self.account, at=at, amount=Decimal(amount), currency="EUR")

    def test_what_came_on_a_day_is_a_flow_of_it(self):
        self.run_it()
        said = self.run_it()

        flow = Flow.objects.get()
        self.assertEqual((flow.amount, flow.currency, flow.source), (1000, "EUR", "saxo_api"))
        self.assertIn("1 were there already", said)

    def test_what_somebody_entered_is_not_doubled(self):
        for amounts in ([1000], [400, 600]):
            Flow.objects.all().delete()
            for amount in amounts:
                self.enter(amount, self.paid_at - timedelta(days=len(amounts) == 1))

            said = self.run_it()

            self.assertEqual(Flow.objects.count(), len(amounts))
            self.assertIn("Added 0 flow(s); 1 were there already", said)

    def test_a_day_that_somebody_entered_otherwise_is_named_and_left(self):
        self.enter(900, self.paid_at)

        said = self.run_it()

        self.assertEqual(Flow.objects.get().amount, 900)
        self.assertIn("the source tells 1,000.00 EUR, and entered is 900.00 EUR at", said)
        self.account.refresh_from_db()
        self.assertIsNone(self.account.flows_known_since)
