from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from prices.management.running import RunCommand, summary
from prices.models import Interval


class Command(RunCommand):
    help = "Collect the candles of all that exchanges list, as far as they are missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--exchange", help="all, or names with commas between: upbit,kis. Default: all."
        )
        parser.add_argument("--market", help="The part of the exchange: KRW, KOSPI.")
        parser.add_argument("--symbols", nargs="+", help="upbit:KRW-BTC, KRW-BTC or BTC/KRW.")
        parser.add_argument("--days-back", type=int, help="Default: 7.")
        parser.add_argument("--interval", choices=Interval.values, help="Default: 1d.")

    def handle(self, **options: Any) -> None:
        names = ("exchange", "market", "symbols", "days_back", "interval")
        result = self.run_job("collect_price_data", {name: options[name] for name in names})
        self.stdout.write(self.style.SUCCESS(summary(result)))
