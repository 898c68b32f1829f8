"""Jobs and runs by the hundred thousand, in seconds."""

from __future__ import annotations

from copy import copy
from datetime import datetime

from django_apscheduler.models import DjangoJob

from scheduling.models import Job

BATCH = 5000


def add_jobs(count: int, *, expression: str, next_at: datetime, prefix: str = "job") -> None:
    """Add alike jobs that fire by `expression` (UTC), next at `next_at`."""
    pattern = Job(
        key=f"{prefix}-0", name=f"{prefix} 0", task="benchmarks.noop", params={},
        trigger_expression=expression, misfire_grace_seconds=None, timeout_seconds=60,
    )  # fmt: skip
    pattern.put()
    clock = DjangoJob.objects.get(id=pattern.key)
    DjangoJob.objects.filter(id=pattern.key).update(next_run_time=next_at)
    for first in range(1, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        clocks = [
            DjangoJob(id=f"{prefix}-{number}", next_run_time=next_at, job_state=clock.job_state)
            for number in numbers
        ]
        DjangoJob.objects.bulk_create(clocks)
        jobs = [copy(pattern) for _ in numbers]
        for job, clock in zip(jobs, clocks, strict=True):
            job.pk, job.key, job.name, job.clock = None, clock.id, clock.id, clock
        Job.objects.bulk_create(jobs)
