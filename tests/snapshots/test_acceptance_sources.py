"""The acceptance tests of sources and their secrets, by the numbers of their list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings

from prices.venues.caller import Chance
from snapshots.demo.cointracking import CoinTrackingServer
from snapshots.models import Credential, Flow
from snapshots.models.login import StoredLogin
from snapshots.models.queue import DatabaseQueue
from snapshots.sources.base import BudgetSpent
from snapshots.sources.cointracking_api import CoinTrackingApi
from snapshots.tasks import saxo_keepalive
from tests.prices.venues.surroundings import Clock
from tests.snapshots.factories import make_account, make_context
from tests.snapshots.sources.surroundings import MemoryLogin, make_surroundings
from tests.snapshots.sources.test_saxo_api import VERIFIER, session_of
from tests.snapshots.sources.test_trade_table import DEPOSIT, HEADERS, TRADE, table
from tests.snapshots.test_credential import PLANTED_SECRET, make_credential
from tests.snapshots.test_saxo_login import Here, make_saxo_account
from vault.exceptions import CannotDecrypt, KeysUnusable
from vault.keys import new_key

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


class CoinTrackingTests(TestCase):
    data_dir: Path

    def test_08_call_21_of_an_hour_is_never_sent(self):
        clock = Clock()
        with CoinTrackingServer(per_hour=1000) as server:
            source = opened(server, DatabaseQueue(clock.chance))
            tickers = {position.ticker for _ in range(20) for position in source.fetch().positions}
            for _ in range(3):
                with pytest.raises(BudgetSpent, match="takes 20 calls an hour"):
                    source.fetch()

            self.assertEqual(len(server.requests), 20)
            self.assertIn("SOL2", tickers)
            clock.time += HOUR
            self.assertTrue(source.fetch().is_complete)

    def test_08_a_german_trade_table_is_read_in_the_zone_that_has_to_be_said(self):
        account = make_account(settings={})
        path = self.data_dir / "trades.csv"
        rows = (TRADE.replace("BTC", "SOL2"), DEPOSIT.format("Einzahlung").replace("EUR", "USD"))
        path.write_bytes(table(*rows, header=HEADERS["de"]))
        self.assertTrue(path.read_bytes().startswith(b"\xef\xbb\xbf"))
        with self.assertRaisesMessage(CommandError, "--timezone is needed"):
            call_command("import_flows", path, account=account.pk)

        call_command(
            "import_flows", path, account=account.pk, timezone="Europe/Zurich", stdout=StringIO()
        )

        flow = Flow.objects.get()
        self.assertEqual((flow.amount, flow.currency), (1000, "USD"))
        self.assertEqual(flow.at, datetime(2019, 7, 2, 15, 0, 47, tzinfo=UTC))


class ManyCallersTests(TransactionTestCase):
    def test_08_nonces_rise_also_under_four_threads(self):
        with CoinTrackingServer() as server, ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: self.ask(server), range(8)))

        nonces = [int(dict(parse_qsl(one.body.decode()))["nonce"]) for one in server.requests]
        self.assertEqual((len(nonces), server.replayed, server.forged), (8, 0, 0))
        self.assertEqual(nonces, sorted(set(nonces)))

    def ask(self, server):
        try:
            opened(server, Hurried(Chance(sleep=lambda seconds: None))).fetch()
        finally:
            connection.close()


class Hurried(DatabaseQueue):
    """Calls that need not be a second apart: sixty times as fast."""

    PACE = timedelta(0)


def opened(server, queue):
    login = MemoryLogin(key=server.key, secret=server.secret)
    return CoinTrackingApi.configured(
        {}, make_surroundings(url=server.url, login=login, queue=queue)
    )


class SaxoTests(Here, TestCase):
    def test_09_seven_hours_of_the_night_are_survived_by_the_job_alone(self):
        account = make_saxo_account(self.server, is_logged_in=False)
        with time_machine.travel(NIGHT) as clock:
            account.credential.keep(session_of(self.server.log_in(VERIFIER), now=NIGHT))
            renewed = 0
            for turn in range(42):
                clock.shift(10 * MINUTE)
                if turn not in (7, 20, 21):  # the host was busy, or restarted
                    renewed += saxo_keepalive(make_context())["renewed"]

            self.assertTrue(account.open_source().fetch().is_complete)

        self.assertEqual((renewed, self.server.refreshed, self.server.refused), (39, 39, 0))


class SecretTests(TestCase):
    def test_13_a_missing_or_wrong_key_raises_and_leaves_the_row_alone(self):
        credential = make_credential()
        before = stored()
        login = StoredLogin(credential.account, Chance())

        for keys, error in (([new_key()], CannotDecrypt), ([], KeysUnusable)):
            with override_settings(FIELD_ENCRYPTION_KEYS=keys):
                found = Credential.objects.get()
                with pytest.raises(error):
                    found.read()
                found.note_use(NIGHT)
                found.save()

        self.assertEqual(stored(), before)
        self.assertEqual(login.fields()["secret"].reveal(), PLANTED_SECRET)

    def test_13_rotating_the_key_keeps_what_is_secret(self):
        old, new = new_key(), new_key()
        with override_settings(FIELD_ENCRYPTION_KEYS=[old]):
            make_credential()

        with override_settings(FIELD_ENCRYPTION_KEYS=[new, old]):
            call_command("rotate_field_keys", stdout=StringIO())

        with override_settings(FIELD_ENCRYPTION_KEYS=[new]):
            secret = Credential.objects.get().read()["secret"]
            self.assertEqual(secret.reveal(), PLANTED_SECRET)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute('SELECT "values" FROM snapshots_credential')
        return str(cursor.fetchone()[0])
