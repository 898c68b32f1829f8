from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from snapshots.management.running import JobCommand


class Command(JobCommand):
    help = "Take a snapshot now, as a run like any other, and wait for its outcome."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user_id", help="Whose accounts: a user's name or id.")
        parser.add_argument("--source", help="Where the accounts are: cointracking.")
        parser.add_argument("--min_usd", help="Hide positions worth less.")
        parser.add_argument(
            "--eod",
            action="store_true",
            help="Take it as the end of today, which it counts for from 23:59 on.",
        )

    def handle(self, *, eod: bool, **options: Any) -> None:
        named = {name: options[name] for name in ("user_id", "source", "min_usd")}
        params: dict[str, Any] = {n: value for n, value in named.items() if value is not None}
        params["account"] = None  # as the settings say, where no user is named
        run = self.run_job("pnl_eod" if eod else "pnl_intraday", params)
        said = f" {run.reason}" if run.reason else ""
        self.stdout.write(json.dumps(run.result, indent=2))
        self.stdout.write(
            self.style.SUCCESS(f"Run {run.pk} {run.get_status_display().lower()}.{said}")
        )
