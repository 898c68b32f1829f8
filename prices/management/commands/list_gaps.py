from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prices.collection.repair import Gap, gaps_within
from prices.collection.selection import NoSuchInstrument, name_of
from prices.models import Interval


class Command(BaseCommand):
    help = "List what is missing between the candles of each series."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--symbols", nargs="+", default=[], help="upbit:KRW-BTC, KRW-BTC or BTC/KRW."
        )
        parser.add_argument("--interval", choices=Interval.values, help="Default: all.")

    def handle(self, *, symbols: list[str], interval: str | None, **options: Any) -> None:
        count = candles = 0
        try:
            for gap in gaps_within(symbols, interval):
                count, candles = count + 1, candles + gap.candles
                self.stdout.write(_line(gap))
        except NoSuchInstrument as exc:
            raise CommandError(str(exc)) from exc
        if count:
            said = f"{count:,} gaps, {candles:,} candles. The job repair_gaps has them filled."
            self.stdout.write(self.style.WARNING(said))
        else:
            self.stdout.write(self.style.SUCCESS("No gaps."))


def _line(gap: Gap) -> str:
    name = name_of(gap.series.instrument)
    window = f"{gap.starts_at:%Y-%m-%d %H:%M}Z to {gap.ends_at:%Y-%m-%d %H:%M}Z"
    return f"{name:<24}{gap.series.interval:<5}{window}  {gap.candles:,} candles"
