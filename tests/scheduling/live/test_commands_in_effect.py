"""What is said in one process is in effect in another, at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.models import Job, Run
from tests.factories import make_job
from tests.installation import Installation, Program

STARTED = "Scheduler started successfully"
NEVER = "0 0 1 1 *"


@pytest.fixture
def scheduler(installation: Installation) -> Program:
    program = installation.start("runapscheduler")
    program.wait_for(STARTED)
    time.sleep(1.5)  # its first look is over: only news wake it now
    return program


@pytest.fixture
def limit(installation: Installation) -> float:
    """Seconds in which a change is in effect."""
    return 0.1 if installation.database == "postgresql" else 0.5


def seconds_until(happened: Callable[[], bool]) -> float:
    start = time.perf_counter()
    while not happened():
        if time.perf_counter() - start > 10:
            raise AssertionError("It did not happen within 10 s.")
        time.sleep(0.002)
    return time.perf_counter() - start


def has_started(run: Run) -> Callable[[], bool]:
    return lambda: Run.objects.get(pk=run.pk).started_at is not None


def test_a_trigger_starts_at_once(scheduler: Program, limit: float) -> None:
    job = make_job(trigger_expression=NEVER)

    run = job.trigger()

    seconds_until(lambda: not Run.objects.get(pk=run.pk).is_open)
    run.refresh_from_db()
    assert run.started_at is not None
    assert (run.started_at - run.created_at).total_seconds() < limit


def test_requesting_a_run_takes_less_than_a_tenth_of_a_second(scheduler: Program) -> None:
    job = make_job(trigger_expression=NEVER)

    start = time.perf_counter()
    job.trigger()

    assert time.perf_counter() - start < 0.1


def test_an_edited_trigger_fires_at_its_new_time(scheduler: Program, limit: float) -> None:
    job = make_job(trigger_expression=NEVER)
    soon = datetime.now(UTC) + timedelta(seconds=1.5)

    job.trigger_kind, job.trigger_expression = "date", soon.isoformat()
    job.put()

    seconds_until(lambda: Run.objects.filter(job=job, started_at__isnull=False).exists())
    run = Run.objects.get(job=job)
    assert run.scheduled_at == soon
    assert run.started_at is not None
    assert (run.started_at - soon).total_seconds() < limit


def test_a_pause_stops_a_job_that_fires_each_second(scheduler: Program, limit: float) -> None:
    job = make_job(trigger_expression="* * * * * *")
    seconds_until(lambda: job.runs.count() >= 2)

    job.pause("enough")
    paused_at = datetime.now(UTC)
    time.sleep(2.5)

    assert not job.runs.filter(scheduled_at__gt=paused_at).exists()


def test_a_resumed_job_fires_again(scheduler: Program) -> None:
    job = make_job(trigger_expression="* * * * * *")
    job.pause("for a moment")

    job.resume()

    assert seconds_until(lambda: job.runs.filter(status="succeeded").exists()) < 1.6


def test_a_running_thread_is_cancelled(scheduler: Program, limit: float) -> None:
    job = make_job(task="tests.sleep", params={"seconds": 60}, trigger_expression=NEVER)
    run = job.trigger()
    seconds_until(has_started(run))
    run.refresh_from_db()

    run.cancel()

    assert seconds_until(lambda: not Run.objects.get(pk=run.pk).is_open) < limit + 0.2
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_a_running_process_is_killed(scheduler: Program) -> None:
    job = make_job(task="tests.sleep_isolated", params={"seconds": 60}, trigger_expression=NEVER)
    run = job.trigger()
    seconds_until(has_started(run))
    time.sleep(3)  # the child is up
    run.refresh_from_db()

    run.cancel()

    seconds_until(lambda: not Run.objects.get(pk=run.pk).is_open)
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_a_deleted_job_fires_no_more_and_keeps_its_runs(scheduler: Program) -> None:
    job = make_job(trigger_expression="* * * * * *", key="gone")
    seconds_until(lambda: job.runs.filter(status="succeeded").exists())

    job.remove()
    count = Run.objects.filter(job_key="gone").count()
    time.sleep(2)

    assert Run.objects.filter(job_key="gone").count() == count
    assert not Job.objects.exists()
