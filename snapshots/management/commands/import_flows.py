from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import BaseCommand, CommandError

from snapshots.capture.judging_again import judge_again
from snapshots.intake.flow_import import Imported, import_series, import_trades, some
from snapshots.models import Account
from snapshots.sources.base import SourceError
from snapshots.sources.export_file import read_export
from snapshots.sources.history import Historian
from snapshots.sources.trade_table import read_trades


class Command(BaseCommand):
    help = (
        "Keep what came into an account and left it: from CoinTracking's Trade Table (FILE), or "
        "from Saxo itself for an account of the source saxo_api. Again adds nothing twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="A Trade Table, as CSV.")
        parser.add_argument("--account", type=int, required=True, help="Its number.")
        parser.add_argument(
            "--timezone", default="", help="Of the times in FILE: that of the account there."
        )
        parser.add_argument("--days", type=int, default=30, help="Back; of saxo_api only.")

    def handle(
        self, *, file: Path | None, account: int, timezone: str, days: int, **options: Any
    ) -> None:
        found = Account.objects.filter(pk=account).first()
        if found is None:
            raise CommandError(f"There is no account {account}. The admin shows their numbers.")
        try:
            if file is None:
                imported, since, until = self._from_source(found, days)
            else:
                imported, since, until = _from_table(found, file, _zone(timezone))
        except SourceError as exc:
            raise CommandError(str(exc)) from exc
        self._tell(imported)
        self._judge_again(found, imported)
        if imported.is_whole and since < until:
            self._note(found, since, until)

    def _from_source(self, account: Account, days: int) -> tuple[Imported, datetime, datetime]:
        source = account.open_source()
        if not isinstance(source, Historian) or account.source != "saxo_api":
            raise CommandError(f"{account} tells no flows. Give the FILE of a Trade Table.")
        if not 1 <= days <= 3650:
            raise CommandError("--days is from 1 to 3650.")
        until = datetime.now(UTC)
        since = until - timedelta(days=days)
        told = source.history(since, until)
        imported = import_series(account, told)
        return imported, since, max((day.at for day in told if day.at <= until), default=since)

    def _judge_again(self, account: Account, imported: Imported) -> None:
        instants = [movement.at for movement in imported.movements]
        since = min(filter(None, [*instants, imported.since]), default=None)
        if since is None:
            return
        explained = judge_again(
            account,
            since,
            now=datetime.now(UTC),
            because="the flows and trades known now",
            movements=imported.movements,
        )
        if explained:
            self.stdout.write(f"That explains {len(explained)} suspect snapshot(s): accepted.")

    def _note(self, account: Account, since: datetime, until: datetime) -> None:
        if account.learn_flows(since, until):
            self.stdout.write(f"All flows from {since:%Y-%m-%d} to {until:%Y-%m-%d} are known now.")
        else:
            self.stdout.write(
                "Between these and the flows that were known is a gap: import what is missing."
            )

    def _tell(self, imported: Imported) -> None:
        self.stdout.write(
            self.style.SUCCESS(
                f"Added {imported.added} flow(s); {imported.known} were there already; "
                f"{imported.transfers} row(s) were transfers within the account."
            )
        )
        if imported.unknown:
            common = imported.unknown.most_common()
            words = some([f"{word} ({count})" for word, count in common], ", ")
            self.stdout.write(f"Neither deposits nor withdrawals: {words}.")
        for title, lines in (
            ("Coins that came or left, whose value then is not in the table", imported.unvalued),
            ("Entered otherwise, and left so", imported.unlike),
            ("Not kept", imported.refused),
        ):
            if lines:
                self.stdout.write(f"{title}: {some(lines, '; ')}.")
        if imported.unvalued:
            self.stdout.write("Enter these in the admin, under Flows, with what they were worth.")


def _from_table(
    account: Account, file: Path, zone: ZoneInfo
) -> tuple[Imported, datetime, datetime]:
    """Import the table; it is taken to be whole from its first row until it was written."""
    export = read_export(file)
    trades = read_trades(export, zone=zone)
    first = min((trade.at for trade in trades), default=export.written_at)
    # What a day's first row brought is a flow after the day began.
    since = first - timedelta(minutes=1)
    return import_trades(account, trades), since, export.written_at


def _zone(name: str) -> ZoneInfo:
    """Return the zone. The file does not name it, so that it has to be said."""
    if name not in available_timezones():
        raise CommandError(
            "--timezone is needed: the zone of the account at CoinTracking (Account, Settings), "
            "such as Europe/Zurich. The file does not name it."
        )
    return ZoneInfo(name)
