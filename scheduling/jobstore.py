"""The clock: django-apscheduler's job store, safe for many schedulers and for bad pickles."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from apscheduler.job import Job as ApschedulerJob
from django.db import IntegrityError, OperationalError, connection, transaction
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from scheduling.batches import insert_from, update_rows
from scheduling.clock import load_state
from scheduling.models import Job

logger = logging.getLogger(__name__)

DUE_BATCH = 500
LOCK_PATIENCE = 200  # ms: outcomes wait behind the history
EXECUTION_STATUS = {
    "succeeded": DjangoJobExecution.SUCCESS,
    "degraded": DjangoJobExecution.SUCCESS,
}
EXECUTION_COLUMNS = ("status", "duration", "finished", "exception", "traceback")


class JobStore(DjangoJobStore):
    """DjangoJobStore that reads in order and in batches, and never deletes what it cannot read.

    The scheduler's tick reads and moves the clocks in bulk, without pickles; the methods that
    APScheduler knows work for whoever looks at the jobs through its API.
    """

    def register_event_listeners(self) -> None:
        """Do nothing: the history is filled from our runs, not from events in memory."""

    def get_due_jobs(self, now: datetime) -> list[ApschedulerJob]:
        rows = DjangoJob.objects.filter(next_run_time__lte=now).order_by("next_run_time", "id")
        return self._restore(rows[:DUE_BATCH])

    def _get_jobs(self, **filters: Any) -> list[ApschedulerJob]:
        return self._restore(DjangoJob.objects.filter(**filters).order_by("next_run_time", "id"))

    def lookup_job(self, job_id: str) -> ApschedulerJob | None:
        jobs = self._restore(DjangoJob.objects.filter(id=job_id))
        return jobs[0] if jobs else None

    def _restore(self, rows: Iterable[DjangoJob]) -> list[ApschedulerJob]:
        """Return the jobs that can be read; park the others as broken."""
        jobs = []
        for row in rows:
            try:
                jobs.append(self._job_of(row))
            except (pickle.UnpicklingError, AttributeError, ImportError, LookupError,
                    EOFError, TypeError, ValueError) as exc:  # fmt: skip
                logger.error("[%s] The stored clock cannot be read: %s", row.id, exc)
                for job in Job.objects.filter(key=row.id):
                    job.park(f"The stored clock cannot be read: {exc}")
        return jobs

    def _job_of(self, row: DjangoJob) -> ApschedulerJob:
        state = load_state(row.job_state) | {"next_run_time": row.next_run_time}
        job = ApschedulerJob.__new__(ApschedulerJob)
        job.__setstate__(state)
        job._scheduler = self._scheduler
        job._jobstore_alias = self._alias
        return job


def move_clocks(moves: Sequence[tuple[str, datetime | None]]) -> None:
    """Set the next fire time of each (key, instant)."""
    update_rows(DjangoJob, match=("id",), columns=("next_run_time",), rows=moves)


class Ended(Protocol):
    """What django-apscheduler's history needs of an outcome."""

    @property
    def run(self) -> Any: ...
    @property
    def status(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime: ...
    @property
    def error(self) -> str: ...
    @property
    def traceback(self) -> str: ...


def record_executions(outcomes: Sequence[Ended]) -> None:
    """Copy outcomes into DjangoJobExecution, for django-apscheduler's admin and clean-up.

    Best effort, apart from the run's own record: a job may be deleted meanwhile, and what
    somebody's lock holds up for longer than LOCK_PATIENCE is left out.
    """
    if not outcomes:
        return
    rows = {
        (outcome.run.job_key, outcome.run.scheduled_at): _history_row(outcome)
        for outcome in outcomes
    }
    try:
        with transaction.atomic():
            _wait_no_longer(LOCK_PATIENCE)
            _insert_history(list(rows.values()))
    except IntegrityError:
        logger.info("A job was deleted while its history was copied")
    except OperationalError as exc:
        logger.warning("django-apscheduler's history lacks %d runs: %s", len(rows), exc)


def _wait_no_longer(milliseconds: int) -> None:
    """Let this transaction fail if it waits for a lock; SQLite has but one, and its own limit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")


def _insert_history(rows: Sequence[tuple[Any, ...]]) -> None:
    insert_from(
        DjangoJobExecution,
        source=DjangoJob,
        copied={"job_id": "id"},
        columns=("run_time", *EXECUTION_COLUMNS),
        rows=rows,
        on_conflict="(job_id, run_time) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in EXECUTION_COLUMNS),
    )


def _history_row(outcome: Ended) -> tuple[Any, ...]:
    took = (outcome.finished_at - outcome.started_at).total_seconds()
    return (
        outcome.run.job_key,
        outcome.run.scheduled_at,
        EXECUTION_STATUS.get(outcome.status, DjangoJobExecution.ERROR),
        Decimal(str(round(took, 2))),
        Decimal(str(round(outcome.finished_at.timestamp(), 2))),
        outcome.error[:1000] or None,
        outcome.traceback or None,
    )
