"""As many rows as an installation gathers, in seconds: a thousand jobs with a hundred runs each."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django_apscheduler.models import DjangoJob

from scheduling.models import Job, Run
from tests.factories import make_job

JOBS, RUNS_EACH = 1_000, 100
STATUSES = ("succeeded",) * 9 + ("failed",)


def make_many_rows(now: datetime, **values: Any) -> None:
    """Make `job_0000` to `job_0999`, alike but for their names.

    now     each job had one run a minute until then; every tenth failed
    values  what the jobs have in common
    """
    pattern = make_job(key="job_0000", name="Job 0", now=now, **values)
    copy_job(pattern)
    make_runs(pattern, now)
    copy_runs(pattern)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def copy_job(pattern: Job) -> None:
    clock = DjangoJob.objects.get(id=pattern.key)
    clocks = [copy(clock) for _ in range(1, JOBS)]
    jobs = [copy(pattern) for _ in clocks]
    for number, (clock, job) in enumerate(zip(clocks, jobs, strict=True), start=1):
        clock.id = job.key = f"job_{number:04}"
        job.pk, job.clock, job.name = None, clock, f"Job {number}"
    DjangoJob.objects.bulk_create(clocks)
    Job.objects.bulk_create(jobs)


def make_runs(job: Job, now: datetime) -> None:
    instants = [now - timedelta(minutes=RUNS_EACH - turn) for turn in range(RUNS_EACH)]
    Run.objects.bulk_create(
        Run.of(
            job, scheduled_at=at, origin="schedule", status=STATUSES[turn % len(STATUSES)],
            attempt=1, created_at=at, started_at=at, finished_at=at + timedelta(seconds=1),
            result={"rows": list(range(20))},
            error="no such file\n" * 20 if STATUSES[turn % len(STATUSES)] == "failed" else "",
        )
        for turn, at in enumerate(instants)
    )  # fmt: skip


def copy_runs(pattern: Job) -> None:
    """Give every other job the runs of `pattern`, in the database: objects would take a minute."""
    columns = [str(field.column) for field in Run._meta.concrete_fields if not field.primary_key]
    own = {"job_id": "job.id", "job_key": "job.key"}
    copied = [own.get(column, f"run.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO scheduling_run ({', '.join(columns)}) SELECT {', '.join(copied)} "
            "FROM scheduling_run run JOIN scheduling_job job ON job.id <> run.job_id "
            "WHERE run.job_id = %s ORDER BY run.scheduled_at, job.id",
            [pattern.pk],
        )
