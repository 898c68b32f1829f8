"""Plant secrets, use them well and badly, and look for them wherever anything is kept or told."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import orjson
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from prices.demo.server import Reply
from snapshots.demo.cointracking import CoinTrackingServer, failure
from snapshots.demo.saxo import SaxoServer
from snapshots.demo.upbit import UpbitAccountServer
from snapshots.models import Account, Credential
from snapshots.sources.saxo_calls import CALLS_PER_SECOND
from tests.factories import make_job, make_user
from tests.scheduling.api.case import client_of
from tests.snapshots.factories import make_account
from tests.snapshots.sources.test_saxo_api import VERIFIER, session_of

MARK = "PLANTED"
KEY, SECRET, APP = f"{MARK}-key-0123456789", f"{MARK}-secret-0123456789", f"{MARK}-app-0123456789"
ADDRESSES = (
    "accounts", "snapshots", "runs", "jobs", "pnl", "schema", "risk/dashboard", "portfolio/metrics",
)  # fmt: skip


class PlantedSecretTests(TransactionTestCase):
    data_dir: Path

    def setUp(self):
        self.coins = self.enterContext(CoinTrackingServer(key=KEY, secret=SECRET))
        self.upbit = self.enterContext(UpbitAccountServer(access_key=KEY, secret_key=SECRET))
        self.saxo = self.enterContext(SaxoServer(app_key=APP))
        self.enterContext(
            override_settings(
                COINTRACKING_URL=self.coins.url,
                UPBIT_URL=self.upbit.url,
                SAXO_URL=f"{self.saxo.url}/openapi",
                SAXO_LOGIN_URL=self.saxo.url,
            )
        )
        self.enterContext(patch.dict(CALLS_PER_SECOND, port=100.0))
        self.log = io.StringIO()
        handler = logging.StreamHandler(self.log)
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)
        self.admin = make_user("admin", is_staff=True, is_superuser=True)
        self.accounts = list(self.plant())
        make_job(key="pnl_intraday", task="snapshots.pnl_snapshot")

    def plant(self) -> Iterator[Account]:
        for source, values in (
            ("cointracking_api", {"key": KEY, "secret": SECRET}),
            ("upbit", {"access_key": KEY, "secret_key": SECRET}),
            ("saxo_api", {"app_key": APP}),
        ):
            currency = "USD" if source == "cointracking_api" else "EUR"
            account = make_account(self.admin, source=source, settings={}, currency=currency)
            Credential(account=account).put(values, key=next(iter(values.values())), now=now())
            yield account
        tokens = self.saxo.log_in(VERIFIER)
        self.tokens = [tokens["access_token"], tokens["refresh_token"]]
        Credential.objects.get(account=account).keep(session_of(tokens, now=now()))

    def run_all(self) -> None:
        for account in self.accounts:
            try:
                call_command(
                    "pnl_snapshot", user_id="admin", source=account.source, stdout=self.log
                )
            except CommandError as exc:
                self.log.write(str(exc))

    def test_13_nothing_of_them_is_in_any_log_answer_page_run_or_table(self):
        self.run_all()
        # Those who refuse quote what they were sent.
        self.coins.reply_instead(failure("getBalance", "WRONG_KEY", f"Wrong: {KEY} {SECRET}"))
        self.upbit.reply_instead(refusing(401, KEY, SECRET))
        self.saxo.reply_instead(refusing(400, APP, *self.tokens))
        self.run_all()

        places = dict(self.places())

        self.assertGreater(len(places), 40)
        self.assertIn("Wrong", places["log"])
        for secret in (MARK, VERIFIER, *self.tokens):
            self.assertEqual([name for name, text in places.items() if secret in text], [])

    def places(self) -> Iterator[tuple[str, str]]:
        yield "log", self.log.getvalue()
        yield from self.tables()
        yield from self.pages()
        files = [path for path in self.data_dir.rglob("*") if path.is_file()]
        yield from ((str(path), path.read_bytes().decode(errors="replace")) for path in files)

    def tables(self) -> Iterator[tuple[str, str]]:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                yield f"table {table}", repr(cursor.fetchall())

    def pages(self) -> Iterator[tuple[str, str]]:
        api = client_of(self.admin)
        for address in ADDRESSES:
            answer = api.get(f"/api/{address}")
            yield address, answer.content.decode()
        self.client.force_login(self.admin)
        lists = ("snapshots_account", "snapshots_snapshot", "scheduling_run", "scheduling_job")
        urls = [reverse(f"admin:{name}_changelist") for name in lists]
        change = "admin:snapshots_account_change"
        urls += [reverse(change, args=[account.pk]) for account in self.accounts]
        for run in range(1, 7):
            urls.append(reverse("admin:scheduling_run_change", args=[run]))
            yield f"run {run}", api.get(f"/api/runs/{run}").content.decode()
            yield f"logs {run}", api.get(f"/api/runs/{run}/logs").content.decode()
        for url in urls:
            yield url, self.client.get(url).content.decode()


def refusing(status: int, *quoted: str) -> Reply:
    error = {"error": {"name": "wrong", "message": f"Wrong: {' '.join(quoted)}"}}
    return Reply(status=status, body=orjson.dumps(error))


def now():
    return timezone.now()
