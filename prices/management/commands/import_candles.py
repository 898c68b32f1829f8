from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from prices.candle_files.fields import InvalidFile
from prices.candle_files.importing import CandleFile, Progress, import_candles, look_through
from prices.candle_files.names import (
    Named,
    add_instrument,
    find_instrument,
    get_instrument,
    get_interval,
    read_name,
)
from prices.candle_files.tables import written_for
from prices.models import Instrument, Interval
from prices.store import Series, Written
from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.zones import read_zone


class Command(BaseCommand):
    help = (
        "Store the candles of files: CSV, Parquet, and what freqtrade writes (feather, parquet, "
        "json, json.gz), whose names say the pair and the interval."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="+", type=Path)
        parser.add_argument("--instrument", help="upbit:KRW-BTC, KRW-BTC or BTC/KRW.")
        parser.add_argument("--symbol", help="BTC/USDT: adds the instrument if there is none.")
        parser.add_argument("--interval", choices=Interval.values)
        parser.add_argument("--timezone", help="Of times that name none: UTC, Asia/Seoul.")
        parser.add_argument(
            "--complete",
            action="store_true",
            help="Where the file has no candle nothing was traded: such holes are no gaps.",
        )
        parser.add_argument(
            "--skip-bad", action="store_true", help="Leave out rows that are wrong."
        )

    def handle(self, *, file: list[Path], **options: Any) -> None:
        self._options = options
        total, failed, bad = Written(), 0, 0
        interrupted = False
        for path in file:
            progress = Progress()
            try:
                self._import(path, progress)
            except (InvalidFile, OSError, DatabaseError, KeyboardInterrupt) as exc:
                failed += 1
                self.stderr.write(f"{path}: {self._reason(exc, progress.written)}")
                interrupted = isinstance(exc, KeyboardInterrupt)
            total, bad = total + progress.written, bad + progress.bad
            if interrupted:
                break
        said = f"{counted(total)}, {bad} wrong rows left out; {len(file)} file(s), {failed} failed."
        if failed:
            raise CommandError(said)
        self.stdout.write(self.style.SUCCESS(said))

    def _import(self, path: Path, progress: Progress) -> None:
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        named, noted = read_name(path), written_for(path)
        instrument = self._instrument(named, noted)
        interval = self._options["interval"] or noted.get("interval") or named.interval
        now = datetime.now(UTC)
        file = CandleFile(
            path=path,
            interval=get_interval(interval),
            as_of=min(now, written_at),
            now=now,
            zone=self._zone(),
            is_complete=self._options["complete"],
            skips_bad=self._options["skip_bad"],
        )
        looked = look_through(file)
        import_candles(file, Series(instrument, file.interval), looked, progress)
        self.stdout.write(f"{path}: {file.interval} of {instrument}: {counted(progress.written)}.")
        if not progress.covers:
            self.stdout.write(
                f"{path}: {looked.holes} holes: they and all else count as never asked about. If "
                "nothing was traded there, import it again with --complete."
            )

    def _instrument(self, named: Named, noted: dict[str, str]) -> Instrument:
        given = self._options["instrument"]
        if given and self._options["symbol"]:
            return add_instrument(given, self._options["symbol"])
        if given or "instrument" in noted:
            return get_instrument(given or noted["instrument"])
        found = find_instrument(named)
        if found is None:
            raise InvalidFile("Its name says no instrument that is known: --instrument venue:id.")
        return found

    def _zone(self) -> ZoneInfo | None:
        if not self._options["timezone"]:
            return None
        try:
            return read_zone(self._options["timezone"])
        except InvalidTrigger as exc:
            raise InvalidFile(" ".join(exc.errors["timezone"])) from exc

    def _reason(self, error: BaseException, written: Written) -> str:
        reason = str(error) or "interrupted."
        done = written.new + written.changed + written.unchanged
        if not done:
            return reason
        return f"{reason} {counted(written)} before that: they stay. Import it again for the rest."


def counted(written: Written) -> str:
    return f"{written.new} new, {written.changed} changed, {written.unchanged} unchanged"
