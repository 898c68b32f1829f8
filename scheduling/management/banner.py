"""What a scheduler says of itself as it starts: service, clock, and what it will fire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from scheduling.models import Job

MOST_JOBS = 500  # named one by one: a start shall not take longer for having many


def banner(now: datetime) -> Iterator[str]:
    """Yield the lines of the banner; raise DatabaseError if the jobs cannot be read."""
    here = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    yield "Daybook scheduler"
    yield f"  Time zone     {settings.TIME_ZONE}"
    yield f"  Current time  {here:%Y-%m-%d %H:%M:%S %Z}"
    count = Job.objects.count()
    yield f"  Jobs          {count}"
    jobs = Job.objects.select_related("clock").defer("clock__job_state")
    for job in jobs.order_by("key")[:MOST_JOBS]:
        trigger = f"{job.trigger_kind}[{job.trigger_expression}]"
        yield f"    {job.key}  {trigger}  {_when(job, now)}"
    if count > MOST_JOBS:
        yield f"    … and {count - MOST_JOBS} more: manage.py list_jobs"


def _when(job: Job, now: datetime) -> str:
    if job.next_run_at is None:
        return job.state
    if job.next_run_at <= now:
        return "due now"
    next_at = job.next_run_at.astimezone(ZoneInfo(job.timezone))
    seconds = ":%S" if next_at.second else ""
    return f"next: {next_at:%Y-%m-%d %H:%M{seconds} %Z}"
