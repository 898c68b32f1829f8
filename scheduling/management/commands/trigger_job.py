from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scheduling.engine.inline import bury_the_dead, run_here
from scheduling.exceptions import InvalidParams, InvalidRequest, JobConflict
from scheduling.management.arguments import instant, job_called, name_and_value, read_params
from scheduling.models import Job, Run, Worker
from scheduling.options import Options

LOOK_EVERY = 0.1  # s
GOOD = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)


class Command(BaseCommand):
    help = (
        "Request a run of a job now. A worker executes it; with --wait this process, if none lives."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument(
            "--param", action="append", default=[], type=name_and_value, metavar="NAME=VALUE",
            help="Overrides a parameter of the job. JSON, or plain text. May be given again.",
        )  # fmt: skip
        parser.add_argument(
            "--scheduled-at", type=instant, help="The instant to compute for. Default: now."
        )
        parser.add_argument("--wait", action="store_true", help="Wait for the outcome.")
        parser.add_argument("--timeout", type=float, help="Seconds to wait. Default: to the end.")

    def handle(
        self, *, key: str, param: list[tuple[str, str]], scheduled_at: datetime | None,
        wait: bool, timeout: float | None, **options: Any,
    ) -> None:  # fmt: skip
        run = self._request(job_called(key), dict(param), scheduled_at)
        if wait:
            run = wait_for(run, timeout)
        if run.is_open:
            self.stdout.write(f"Run {run.pk} of {key} is {run.status}.")
            if wait:
                raise CommandError(f"Run {run.pk} has not ended after {timeout:g} s.")
            return
        self._tell(run)

    def _request(self, job: Job, texts: dict[str, str], scheduled_at: datetime | None) -> Run:
        bury_the_dead()
        try:
            return job.trigger(params=read_params(job, texts), scheduled_at=scheduled_at)
        except (InvalidParams, InvalidRequest, JobConflict) as exc:
            raise CommandError(str(exc)) from exc

    def _tell(self, run: Run) -> None:
        took = f" in {run.duration / timedelta(milliseconds=1):.0f} ms" if run.duration else ""
        self.stdout.write(f"Run {run.pk} of {run.job_key}: {run.status}{took}.")
        if run.status not in GOOD:
            raise CommandError(run.error or run.reason or f"The run ended as {run.status}.")
        if run.reason:
            self.stdout.write(run.reason)
        if run.result is not None:
            self.stdout.write(json.dumps(run.result, indent=2, ensure_ascii=False))


def wait_for(run: Run, timeout: float | None) -> Run:
    """Return the run when it has ended or `timeout` seconds are over.

    It is executed here if no worker lives that knows its task.
    """
    deadline = time.monotonic() + timeout if timeout is not None else float("inf")
    lease = timedelta(seconds=Options().lease)
    while run.is_open and time.monotonic() < deadline:
        if not Worker.objects.knowing(run.task, timezone.now(), lease):
            return run_here(run)
        time.sleep(LOOK_EVERY)
        run.refresh_from_db()
    return run
