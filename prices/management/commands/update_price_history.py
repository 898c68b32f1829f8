from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from prices.management.running import RunCommand, summary
from prices.models import Interval


class Command(RunCommand):
    help = "Collect the candles of tracked instruments, as far as they are missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--incremental",
            action="store_true",
            help="From the last final candle minus two, as the job ohlcv_hourly does.",
        )
        parser.add_argument(
            "--symbols", nargs="+", help="Only these: upbit:KRW-BTC, KRW-BTC or BTC/KRW."
        )
        parser.add_argument(
            "--interval", choices=Interval.values, help="Default: 1d; 1h with --incremental."
        )
        parser.add_argument("--days-back", type=int, help="Default: 365; 7 with --incremental.")

    def handle(self, *, incremental: bool, **options: Any) -> None:
        params = {name: options[name] for name in ("symbols", "interval", "days_back")}
        key = "ohlcv_hourly" if incremental else "ohlcv_daily"
        result = self.run_job(key, params | {"incremental": incremental})
        self.stdout.write(self.style.SUCCESS(summary(result)))
