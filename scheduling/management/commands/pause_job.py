from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling.exceptions import JobConflict
from scheduling.management.arguments import job_called


class Command(BaseCommand):
    help = "Stop a job from firing, until resume_job."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--reason", required=True, help="Shown with the job.")

    def handle(self, *, key: str, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError('--reason is blank. Say why, such as: --reason "Broker is down"')
        job = job_called(key)
        try:
            job.pause(reason)
        except JobConflict as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(self.style.SUCCESS(f"{key} is paused."))
