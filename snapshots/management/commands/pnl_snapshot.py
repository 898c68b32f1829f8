from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduling.engine.inline import bury_the_dead, run_here
from scheduling.exceptions import InvalidParams, JobConflict
from scheduling.models import Job, Run

GOOD = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)


class Command(BaseCommand):
    help = "Take a snapshot now, as a run like any other, and wait for its outcome."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user_id", help="Whose accounts: a user's name or id.")
        parser.add_argument("--source", help="Where the accounts are: cointracking.")
        parser.add_argument("--min_usd", help="Hide positions worth less.")
        parser.add_argument("--eod", action="store_true", help="Take it as the end of the day.")

    def handle(self, *, eod: bool, **options: Any) -> None:
        named = {name: options[name] for name in ("user_id", "source", "min_usd")}
        params: dict[str, Any] = {n: value for n, value in named.items() if value is not None}
        params["account"] = None  # as the settings say, where no user is named
        run = run_here(self._request("pnl_eod" if eod else "pnl_intraday", params))
        if run.status not in GOOD:
            said = run.error or run.reason
            raise CommandError(f"Run {run.pk} is {run.get_status_display().lower()}: {said}")
        said = f" {run.reason}" if run.reason else ""
        self.stdout.write(json.dumps(run.result, indent=2))
        self.stdout.write(
            self.style.SUCCESS(f"Run {run.pk} {run.get_status_display().lower()}.{said}")
        )

    def _request(self, key: str, params: dict[str, Any]) -> Run:
        job = Job.objects.filter(key=key).first()
        if job is None:
            raise CommandError(f"There is no job {key!r}. Make it with: manage.py sync_jobs")
        bury_the_dead()
        try:
            return job.trigger(params=params, origin=Run.Origin.MANUAL)
        except (InvalidParams, JobConflict) as exc:
            raise CommandError(str(exc)) from exc
