"""Is the scheduler well, and is the database ready?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.utils import timezone

from scheduling.models import Job, Run, Worker
from scheduling.models.job import JobQuerySet
from scheduling.options import Options

# What a run's status is called here; the others keep their name.
STATUS = {
    Run.Status.SUCCEEDED: "success",
    Run.Status.FAILED: "error",
    Run.Status.TIMED_OUT: "timeout",
}


OF_A_JOB = ("key", "name", "state", "state_reason", "clock__next_run_time")
GOOD = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)


def scheduler_health(jobs: JobQuerySet, *, now: datetime | None = None) -> dict[str, Any]:
    """Return how the scheduler is, with the last and the next run of each of `jobs`.

    It looks at when any scheduler process last ticked, not at whether one says that it runs.
    """
    now = now or timezone.now()
    schedulers = list(Worker.objects.schedulers().filter(stopped_at=None))
    if not schedulers and not settings.RUN_SCHEDULER:
        message = "Scheduler not running (RUN_SCHEDULER != 1)"
        return {"ok": False, "enabled": False, "message": message, "jobs": {}}
    fault = _fault(schedulers, now)
    return {
        "ok": not fault,
        "enabled": True,
        **({"message": fault} if fault else {}),
        **jobs_health(jobs),
    }


def jobs_health(jobs: JobQuerySet) -> dict[str, Any]:
    """Return the last and the next run of each job, by key."""
    rows = list(jobs.select_related("clock").only(*OF_A_JOB).order_by("key"))
    runs = Run.objects.only(
        "job_id", "status", "reason", "scheduled_at", "started_at", "finished_at", "error"
    )
    newest = runs.newest_per_job([job.pk for job in rows])
    firing = sorted((job for job in rows if job.next_run_at), key=lambda job: job.next_run_at)  # type: ignore[arg-type,return-value]
    return {
        "jobs_count": len(rows),
        "jobs": {job.key: _job_health(job, newest.get(job.pk)) for job in rows},
        "next_runs": {
            job.key: {"name": job.name, "next_run": _iso(job.next_run_at)} for job in firing
        },
    }


def missing_migrations() -> list[str]:
    """Return the migrations of this code that the database does not have, as app.name."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [
        f"{app}.{name}"
        for (app, name), replaced in _migrations_on_disk()
        if (app, name) not in applied and not (replaced and set(replaced) <= set(applied))
    ]


@lru_cache(maxsize=1)
def _migrations_on_disk() -> tuple[tuple[tuple[str, str], tuple[tuple[str, str], ...]], ...]:
    """Return each migration with those it replaces; reading the files takes a while."""
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    return tuple((key, tuple(node.replaces)) for key, node in sorted(graph.nodes.items()))


def _fault(schedulers: Sequence[Worker], now: datetime) -> str:
    """Say what is wrong, and since when; empty if any scheduler ticks and jobs fire."""
    long_ago = now - timedelta(seconds=Options().tick_alarm)
    well = [one for one in schedulers if _seen_at(one) >= long_ago and not one.trouble]
    if well:
        has_had_time = any(one.started_at <= long_ago for one in well)
        return _what_does_not_fire(long_ago, now) if has_had_time else ""
    if not schedulers:
        return f"No scheduler runs, although RUN_SCHEDULER is 1; {_last_end()}."
    last = max(schedulers, key=_seen_at)
    age = f"{_seen_at(last):%Y-%m-%d %H:%M:%S}Z ({_age(now - _seen_at(last))} ago)"
    if last.trouble:
        return f"The scheduler {last.name} has not succeeded since {age}: {last.trouble}"
    return f"The scheduler {last.name} has not looked for due jobs since {age}. Restart it."


def _what_does_not_fire(long_ago: datetime, now: datetime) -> str:
    """Say since when a job has been due although schedulers tick; empty if none has."""
    due = Job.objects.due(long_ago).values_list("clock__next_run_time", flat=True).first()
    if due is None:
        return ""
    since = f"{due.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z ({_age(now - due)} ago)"
    return f"A job has been due since {since} and is not fired. Its row may be locked."


def _last_end() -> str:
    ended_at = Worker.objects.schedulers().aggregate(at=Max("stopped_at"))["at"]
    if ended_at is None:
        return "none has ever started"
    return f"the last one ended at {ended_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _seen_at(scheduler: Worker) -> datetime:
    """When it last ticked; one that has just started has yet to."""
    return (scheduler.last_tick_at or scheduler.started_at).astimezone(UTC)


def _age(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _job_health(job: Job, run: Run | None) -> dict[str, Any]:
    duration = run.duration if run else None
    return {
        "last_run": _iso(run.started_at or run.scheduled_at) if run else None,
        "status": STATUS.get(Run.Status(run.status), run.status) if run else None,
        "duration_ms": round(duration.total_seconds() * 1000, 1) if duration else None,
        "error": _error(job, run),
        "next_run": _iso(job.next_run_at),
        "name": job.name,
    }


def _error(job: Job, run: Run | None) -> str | None:
    """Say why the job does not fire, or why its last run was no success."""
    if job.state == Job.State.BROKEN:
        return job.state_reason
    if run is None or run.is_open or run.status in GOOD:
        return None
    return run.error or run.reason or None


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
