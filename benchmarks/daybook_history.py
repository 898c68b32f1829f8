"""Daybook's pages and endpoints with a month of runs, a million of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from benchmarks.past import BUSIEST, JOBS, LATE, TOOK, Past, settle
from benchmarks.rows import add_jobs
from benchmarks.web import seconds_to_open
from project.static_files import collect_changed
from scheduling.models import Job, Run, TallyMark
from scheduling.tallies import MARGIN, move_mark

NEWEST = 100  # runs that no scheduler has counted yet
SERVER = ("project.wsgi", "--config", "python:project.gunicorn")  # as the Procfile has it
NEVER_STARTED = "lot >= 98"
STATUS = (
    "CASE WHEN lot < 93 THEN 'succeeded' WHEN lot < 96 THEN 'failed' WHEN lot = 96 "
    "THEN 'degraded' WHEN lot = 97 THEN 'timed_out' WHEN lot = 98 THEN 'missed' ELSE 'skipped' END"
)


def history(runs: int) -> dict[str, float]:
    """Open lists and statistics."""
    now = timezone.now()
    add_jobs(JOBS, expression="0 0 1 1 *", next_at=now + timedelta(days=1))
    past = Past(size=runs, now=now)
    add_runs(past, range(runs - min(NEWEST, runs // 2)))
    count(now)
    add_runs(past, range(runs - min(NEWEST, runs // 2), runs))
    settle()
    collect_changed()
    return seconds_to_open(pages(), SERVER)


def pages() -> dict[str, str]:
    busiest = Job.objects.get(key=BUSIEST)
    runs = "/admin/scheduling/run/"
    return {
        "admin, first page of runs": runs,
        "admin, runs by status": f"{runs}?status__exact=failed",
        "admin, runs by job": f"{runs}?job__id__exact={busiest.pk}",
        "admin, dashboard": "/admin/",
        "admin, a job": f"/admin/scheduling/job/{busiest.pk}/change/",
        "REST, first page of runs": "/api/runs",
        "REST, runs by status": "/api/runs?status=failed",
        "REST, runs by job": f"/api/runs?job={BUSIEST}",
        "REST, statistics of 30 days": "/api/statistics",
        "REST, statistics of a job": f"/api/jobs/{BUSIEST}/statistics",
        "metrics": "/metrics",
    }


def add_runs(past: Past, rows: range) -> None:
    begun, ended = past.instant(f"at + {LATE}"), past.instant(f"at + {LATE} + {TOOK}")
    columns = {
        "job_id": "scheduling_job.id",
        "job_key": "job",
        "task": "'benchmarks.noop'",
        "params": "'{}'",
        "origin": "'schedule'",
        "scheduled_at": past.instant("at"),
        "due_at": past.instant("at"),
        "status": STATUS,
        "reason": f"CASE WHEN {NEVER_STARTED} THEN 'Nobody started it in time.' ELSE '' END",
        "attempt": f"CASE WHEN {NEVER_STARTED} THEN 0 ELSE 1 END",
        "timeout_seconds": "60",
        "max_attempts": "1",
        "backoff_seconds": "0",
        "retry_lost": "false",
        "created_at": past.instant("at"),
        "started_at": f"CASE WHEN {NEVER_STARTED} THEN NULL ELSE {begun} END",
        "finished_at": ended,
        "result": """'{"rows": 20}'""",
        "error": "CASE WHEN lot BETWEEN 93 AND 95 THEN 'No such file.' ELSE '' END",
        "traceback": "''",
        "errors": "'[]'",
    }
    joined = " JOIN scheduling_job ON scheduling_job.key = past.job"
    past.insert(Run._meta.db_table, columns, rows, joined)


def count(now: datetime) -> None:
    """Let the tallies catch up, as schedulers do every 30 s."""
    newest = Run.objects.latest("pk").pk
    while not TallyMark.objects.filter(counted_to=newest).exists():
        now += MARGIN
        move_mark(now)
