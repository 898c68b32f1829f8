from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prices.candle_files.exporting import Wanted, export_candles, write_csv
from prices.candle_files.fields import InvalidFile, read_instant
from prices.candle_files.names import get_instrument
from prices.models import Interval
from prices.store import Series

LAST = datetime(9999, 1, 1, tzinfo=UTC)
FIRST = datetime(1, 1, 2, tzinfo=UTC)


class Command(BaseCommand):
    help = "Write the candles of an instrument to a file: CSV or Parquet, with each digit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="Ends in .csv or .parquet; - for CSV on standard output.")
        parser.add_argument(
            "--instrument", required=True, help="upbit:KRW-BTC, KRW-BTC or BTC/KRW."
        )
        parser.add_argument("--interval", choices=Interval.values, required=True)
        parser.add_argument(
            "--from", dest="since", help="2026-01-01, in UTC unless it names a zone."
        )
        parser.add_argument("--to", dest="until", help="The same; exclusive.")

    def handle(
        self,
        *,
        file: str,
        instrument: str,
        interval: str,
        since: str | None,
        until: str | None,
        **options: Any,
    ) -> None:
        try:
            wanted = Wanted(
                series=Series(get_instrument(instrument), interval),
                since=_instant(since) if since else FIRST,
                until=_instant(until) if until else LAST,
            )
            if file == "-":
                write_csv(wanted, self.stdout)  # type: ignore[arg-type]
                return
            count = export_candles(wanted, Path(file))
        except InvalidFile as exc:
            raise CommandError(str(exc)) from exc
        said = f"{count} candles of {interval} of {wanted.series.instrument} are in {file}."
        self.stdout.write(self.style.SUCCESS(said))


def _instant(text: str) -> datetime:
    return read_instant(text, UTC)
