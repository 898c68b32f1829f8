"""Rows for tests: a test states only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.models import Job, Run, Worker

numbers = count(1)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday, far from any change of the clock


def make_user(name: str = "", **values: Any) -> User:
    return User.objects.create_user(name or f"user{next(numbers)}", password="secret", **values)


def make_job(*, now: datetime | None = None, **values: Any) -> Job:
    """Put a job of `tests.echo` that fires every 15 minutes."""
    number = next(numbers)
    defaults: dict[str, Any] = {
        "key": f"job_{number}",
        "name": f"Job {number}",
        "task": "tests.echo",
        "trigger_expression": "*/15 * * * *",
    }
    job = Job(**{**defaults, **values})
    job.put(now=now)
    return job


def make_run(job: Job | None = None, **values: Any) -> Run:
    """Save a pending run that is due."""
    job = job or make_job()
    scheduled_at = values.pop("scheduled_at", NOW + timedelta(seconds=next(numbers)))
    defaults: dict[str, Any] = {"origin": Run.Origin.MANUAL, "due_at": scheduled_at}
    run = Run.of(job, scheduled_at=scheduled_at, **{**defaults, **values})
    run.save()
    return run


def make_worker(*, heartbeat_at: datetime = NOW, **values: Any) -> Worker:
    defaults: dict[str, Any] = {"name": f"host:{next(numbers)}", "started_at": heartbeat_at}
    return Worker.objects.create(**{**defaults, **values}, heartbeat_at=heartbeat_at)


def make_running_run(worker: Worker, job: Job | None = None, **values: Any) -> Run:
    defaults: dict[str, Any] = {
        "status": Run.Status.RUNNING,
        "worker": worker,
        "attempt": 1,
        "started_at": NOW,
    }
    return make_run(job, **{**defaults, **values})


def claimed(run: Run, **values: Any) -> ClaimedRun:
    """Return a running run as its worker holds it."""
    defaults: dict[str, Any] = {
        "id": run.pk,
        "worker_id": run.worker_id or 0,
        "job_id": run.job_id,
        "job_key": run.job_key,
        "task": run.task,
        "params": run.params,
        "origin": run.origin,
        "attempt": run.attempt,
        "scheduled_at": run.scheduled_at,
        "owner_id": run.owner_id,
        "requested_by_id": run.requested_by_id,
        "timeout_seconds": run.timeout_seconds,
        "max_attempts": run.max_attempts,
        "backoff_seconds": run.backoff_seconds,
        "retry_lost": run.retry_lost,
        "errors": run.errors,
    }
    return ClaimedRun(**{**defaults, **values})


def make_outcome(run: ClaimedRun, **values: Any) -> Outcome:
    defaults: dict[str, Any] = {
        "status": Run.Status.SUCCEEDED,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=2),
    }
    return Outcome(run=run, **{**defaults, **values})
