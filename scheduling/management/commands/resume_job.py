from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduling.exceptions import JobConflict
from scheduling.management.arguments import job_called


class Command(BaseCommand):
    help = "Let a job fire again, from its next fire time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")

    def handle(self, *, key: str, **options: Any) -> None:
        job = job_called(key)
        try:
            job.resume()
        except JobConflict as exc:
            raise CommandError(str(exc)) from exc
        when = f"; next at {job.next_run_at:%Y-%m-%d %H:%M:%S}Z" if job.next_run_at else ""
        self.stdout.write(self.style.SUCCESS(f"{key} is {job.state}{when}."))
