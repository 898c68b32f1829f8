"""Item 9: old and new code side by side on one database, and parameters that no longer fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django_apscheduler.models import DjangoJob

from scheduling.models import Job
from tests.chaos.counting import (
    all_ended,
    each,
    forget,
    lines_of,
    none_fires,
    tally,
    until,
    wait_until,
)
from tests.chaos.jobs import SECOND, make_manual_job, next_second
from tests.chaos.pace import ENV, IS_LONG
from tests.factories import make_job
from tests.installation import Installation, Program


@pytest.fixture(autouse=True)
def _alone(installation: Installation, out: Path) -> Iterator[None]:
    yield
    installation.kill_all()
    forget(out)


def start(installation: Installation, code: str) -> Program:
    return installation.start("runapscheduler", **ENV, CHAOS_CODE=code)


def make_each_second(task: str, out: Path, start_at: datetime, end_at: datetime) -> Job:
    return make_job(
        key=task.partition(".")[2], task=task, params={"path": str(out)}, start_at=start_at,
        end_at=end_at, trigger_expression="* * * * * *", coalesce=False, overlap="allow",
        max_instances=100, misfire_grace_seconds=None,
    )  # fmt: skip


def test_each_code_runs_what_it_knows_while_both_are_deployed(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    programs = [start(installation, code) for code in ("old", "new")]
    for program in programs:
        program.wait_for("Scheduler started successfully", seconds=30)
    begin = next_second()
    end = begin + 4 * SECOND
    tasks = ("chaos.order", "chaos.new_feature")
    jobs = [make_each_second(task, out, begin, end) for task in tasks]

    wait_until(end)
    until(lambda: none_fires() and all_ended())

    new = programs[1].pid
    expected = set().union(*(each(job.key, begin, end, SECOND) for job in jobs))
    assert {line.process_id for line in lines_of(out) if line.job_key == "new_feature"} == {new}
    assert all(program.poll() is None for program in programs)
    assert set(Job.objects.values_list("state", flat=True)) == {"finished"}
    tell("old and new code side by side", tally(out, expected))


def test_a_job_whose_parameters_no_longer_fit_is_broken_and_not_a_crash_loop(
    installation: Installation, out: Path
) -> None:
    job = make_manual_job(task="chaos.changed", params={"text": "as of yesterday"}, max_attempts=3)
    requested = job.trigger()
    make_due(job)

    program = start(installation, "new")
    until(lambda: Job.objects.get(pk=job.pk).state == "broken", what="the broken job")
    other = make_manual_job(task="chaos.order", params={"path": str(out)}).trigger()
    until(all_ended)

    job.refresh_from_db()
    requested.refresh_from_db()
    other.refresh_from_db()
    assert "words: This parameter is required" in job.state_reason
    assert (requested.status, requested.attempt) == ("failed", 1)
    assert "words: This parameter is required" in requested.error
    assert job.runs.exclude(pk=requested.pk).count() <= 1  # its tick may have been quicker
    assert (other.status, program.poll()) == ("succeeded", None)
    assert program.output.count(f"[{job.key}] is broken") == 1


@pytest.mark.skipif(not IS_LONG, reason="Jobs are inspected every 10 s.")
def test_a_job_that_old_code_healed_breaks_again_when_the_old_code_is_gone(
    installation: Installation, out: Path
) -> None:
    job = make_manual_job(task="chaos.changed", params={"text": "as of yesterday"})
    start(installation, "new")
    until(lambda: Job.objects.get(pk=job.pk).state == "broken")
    old = start(installation, "old")
    until(lambda: Job.objects.get(pk=job.pk).state == "active")

    old.end()
    make_due(job)

    until(lambda: Job.objects.get(pk=job.pk).state == "broken", seconds=15)


def make_due(job: Job) -> None:
    DjangoJob.objects.filter(id=job.key).update(next_run_time=datetime.now(UTC))
