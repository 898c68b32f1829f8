from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from project.demo_accounts import log_in, open_accounts, upload_positions
from scheduling.engine.inline import run_here
from scheduling.models import Job, Run
from snapshots.demo.files import ZONE, rates_file, trade_table
from snapshots.models import Account

ADDRESSES = ("COINTRACKING_URL", "SAXO_URL", "SAXO_LOGIN_URL", "UPBIT_URL")
LAST_PRICES, SNAPSHOTS = "collect_crypto_data", "pnl_intraday"
PAST = timedelta(days=190)
EARLIER = timedelta(days=10)  # do rates begin


class Command(BaseCommand):
    help = "Set up what `make demo` shows, while its servers run. Again keeps what is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--first-runs", nargs="+", default=[], metavar="KEY")

    def handle(self, *, first_runs: list[str], **options: Any) -> None:
        refuse_real_sources()
        call_command("setup", first_runs=first_runs, sample=False, stdout=self.stdout)
        now = datetime.now(UTC)
        since = now - PAST
        self._import("import_rates", "rates.csv", rates_file(since - EARLIER, now))
        owner = User.objects.get(username="admin")
        accounts = open_accounts(owner, since=since, now=now)
        log_in(accounts["saxo_api"])
        self._tell_the_past(accounts, now)
        upload_positions(accounts["saxo"], now)
        # What the accounts at Upbit and from a file are worth is known from these.
        for key in (LAST_PRICES, "read_uploads"):
            run_here(pending_run(key))
        pending_run(SNAPSHOTS)
        names = ", ".join(account.name for account in accounts.values())
        self.stdout.write(f"{'accounts':<16}{names}; {PAST.days} days of their past")

    def _tell_the_past(self, accounts: dict[str, Account], now: datetime) -> None:
        coins = accounts["cointracking_api"]
        table = trade_table(now)
        self._import("import_flows", "trades.csv", table, account=coins.pk, timezone=ZONE)
        owner, first_day = coins.owner.get_username(), (now - PAST).date()
        self._quietly("backfill_snapshots", user=owner, first_day=first_day)

    def _import(self, command: str, name: str, text: str, **options: Any) -> None:
        """Run a command that reads a file, on one that says this."""
        file = Path(settings.DATA_DIR) / "made-up" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self._quietly(command, str(file), **options)

    def _quietly(self, command: str, *args: str, **options: Any) -> None:
        call_command(command, *args, stdout=StringIO(), **options)


def refuse_real_sources() -> None:
    """Raise CommandError unless all accounts that are made up are at servers of this machine."""
    for name in ADDRESSES:
        if urlsplit(getattr(settings, name)).hostname != "127.0.0.1":
            raise CommandError(f"{name} is no made-up server. Start all of it with: make demo")


def pending_run(key: str) -> Run:
    """Return the run of a job that waits for a worker; request one if there is none."""
    job = Job.objects.get(key=key)
    waiting = job.runs.filter(status=Run.Status.PENDING).order_by("pk").first()
    return waiting or job.trigger(origin=Run.Origin.BOOTSTRAP)
