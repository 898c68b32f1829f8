from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from scheduling.findings import find_all
from scheduling.health import jobs_health, scheduler_health
from scheduling.management.table import table
from scheduling.models import Job, Worker


class Command(BaseCommand):
    help = "Tell whether the scheduler is well; exit code 1 if it is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--detailed", action="store_true", help="With schedulers, jobs and data."
        )

    def handle(self, *, detailed: bool, **options: Any) -> None:
        try:
            health = scheduler_health(Job.objects.all())
            if detailed:
                self._tell_schedulers()
                self._tell_jobs(jobs_health(Job.objects.all())["jobs"])
                self._tell_findings()
        except (DatabaseError, InterfaceError) as exc:
            raise CommandError(f"The database does not answer, or lacks migrations: {exc}") from exc
        if not health["ok"]:
            raise CommandError(health["message"])
        self.stdout.write(
            self.style.SUCCESS(f"The scheduler is well. Jobs: {health['jobs_count']}")
        )

    def _tell_schedulers(self) -> None:
        rows = [
            [one.name, _seconds(one.started_at), _seconds(one.last_tick_at), one.trouble or "-"]
            for one in Worker.objects.schedulers().filter(stopped_at=None)
        ]
        heads = ["scheduler", "started", "last tick", "trouble"]
        self.stdout.write(f"{table(heads, rows)}\n")

    def _tell_jobs(self, jobs: dict[str, dict[str, Any]]) -> None:
        names = ("status", "last_run", "duration_ms", "next_run", "error")
        rows = [
            [key, *("-" if job[name] is None else str(job[name]) for name in names)]
            for key, job in jobs.items()
        ]
        heads = ["job", "status", "last run", "ms", "next run", "error"]
        self.stdout.write(f"{table(heads, rows)}\n")

    def _tell_findings(self) -> None:
        rows = [[one.subject, one.tone, one.words] for one in find_all(timezone.now(), bool)]
        if rows:
            self.stdout.write(f"{table(['data', 'is', 'words'], rows)}\n")


def _seconds(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%SZ}" if instant else "-"
