from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from scheduling.exceptions import InvalidTrigger
from scheduling.management.table import table
from scheduling.models import Job, Run
from scheduling.triggers import describe


class Command(BaseCommand):
    help = "List the jobs: state, trigger in words, next fire time, how the last run went."

    def handle(self, **options: Any) -> None:
        jobs = list(Job.objects.select_related("clock").order_by("key"))
        if not jobs:
            self.stdout.write("There are no jobs. sync_jobs creates those that the code ships.")
            return
        newest = Run.objects.newest_per_job([job.pk for job in jobs])
        rows = [_row(job, newest.get(job.pk)) for job in jobs]
        self.stdout.write(table(["key", "state", "trigger", "next run", "last run"], rows))


def _row(job: Job, run: Run | None) -> list[str]:
    return [job.key, job.state, _words(job), _next_run(job), run.status if run else "-"]


def _words(job: Job) -> str:
    try:
        return describe(job.trigger_spec)
    except InvalidTrigger as exc:
        return str(exc)


def _next_run(job: Job) -> str:
    if job.next_run_at is None:
        return "-"
    local = job.next_run_at.astimezone(job.trigger_object.timezone)
    return f"{local:%Y-%m-%d %H:%M:%S} {job.timezone}"
