"""Item 7: people cancel, pause, edit, delete and trigger, at the worst moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.models import Job, Run
from tests.chaos.counting import all_ended, is_alive, lines_of, occurrences_of, tally, until
from tests.chaos.jobs import make_manual_job
from tests.chaos.pace import ENV, MARGIN
from tests.factories import make_job
from tests.installation import Installation, Program

# What the run of a job is doing when somebody comes, and how it gets there.
MOMENTS: dict[str, dict[str, Any]] = {
    "due": {"task": "chaos.order", "jitter_seconds": 3600},
    "running": {"task": "chaos.order", "params": {"seconds": 2.0}},
    "retried": {"task": "chaos.fail_at_first", "params": {"times": 1}},
}
HAS_COME: dict[str, Callable[[Run], bool]] = {
    "due": lambda run: run.status == "pending",
    "running": lambda run: run.status == "running",
    "retried": lambda run: run.status == "pending" and run.attempt == 1,
}
DEEDS: dict[str, Callable[[Job], None]] = {
    "pause": lambda job: job.pause("enough"),
    "edit": lambda job: edit(job, trigger_expression="2h"),
    "rename": lambda job: edit(job, name="New", params={**job.params, "path": "/dev/null"}),
    "delete": lambda job: job.remove(),
}
PAUSED, EDITED = "Paused: enough", "The job was edited before this run had started."
DELETED = "The job was deleted."
ENDS = {
    ("due", "pause"): ("skipped", PAUSED),
    ("due", "edit"): ("skipped", EDITED),
    ("due", "delete"): ("cancelled", DELETED),
    ("running", "pause"): ("succeeded", ""),
    ("running", "edit"): ("succeeded", ""),
    ("running", "rename"): ("succeeded", ""),
    ("running", "delete"): ("succeeded", ""),
    ("retried", "pause"): ("skipped", PAUSED),
    ("retried", "edit"): ("skipped", EDITED),
    ("retried", "rename"): ("succeeded", ""),
    ("retried", "delete"): ("cancelled", DELETED),
}


@pytest.fixture(scope="module")
def scheduler(installation: Installation) -> Program:
    program = installation.start("runapscheduler", **ENV)
    program.wait_for("Scheduler started successfully", seconds=30)
    return program


def edit(job: Job, **values: Any) -> None:
    for name, value in values.items():
        setattr(job, name, value)
    job.put()


def make_triggered(task: str, out: Path, **params: Any) -> Run:
    params = {"path": str(out), **params}
    return make_manual_job(task=task, params=params).trigger()


def ended(run: Run) -> Callable[[], bool]:
    return lambda: not Run.objects.get(pk=run.pk).is_open


@pytest.fixture(scope="module")
def ends(scheduler: Program, out: Path) -> dict[tuple[str, str], Run]:
    """Each deed at each moment, all at once, and what became of the run."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    jobs = {}
    for moment, deed in ENDS:
        values = MOMENTS[moment]
        params = {"path": str(out), **values.get("params", {})}
        jobs[moment, deed] = make_job(
            **{**values, "key": f"{moment}_{deed}", "params": params}, trigger_kind="interval",
            trigger_expression="1h", start_at=soon, max_attempts=2, backoff_seconds=3,
        )  # fmt: skip
    for (moment, deed), job in jobs.items():
        until(lambda: any(map(HAS_COME[moment], job.runs.all())), what=job.key)  # noqa: B023
        DEEDS[deed](Job.objects.get(pk=job.pk))
    until(all_ended)
    return {case: Run.objects.get(job_key=job.key) for case, job in jobs.items()}


@pytest.mark.parametrize(("moment", "deed"), ENDS)
def test_what_a_deed_does_to_a_run(
    ends: dict[tuple[str, str], Run], moment: str, deed: str
) -> None:
    run = ends[moment, deed]

    assert (run.status, run.reason) == ENDS[moment, deed]


def test_each_was_executed_as_often_as_its_run_says(
    ends: dict[tuple[str, str], Run], out: Path, tell: Callable[..., None]
) -> None:
    executed = [run for run in ends.values() if run.attempt]
    expected = {(run.job_key, attempt + 1) for run in executed for attempt in range(run.attempt)}

    assert {(line.job_key, line.attempt) for line in lines_of(out)} == expected
    assert not Run.objects.exclude(job=None).filter(job_key__endswith="delete").exists()
    tell("pause, edit, delete", tally(out, occurrences_of(executed)))


class TestCancel:
    def test_a_pending_run_never_starts(self, scheduler: Program, out: Path) -> None:
        job = make_manual_job(
            task="chaos.order", params={"path": str(out), "seconds": 1}, overlap="queue"
        )
        first, second = job.trigger(), job.trigger()

        second.cancel()
        until(ended(first))

        first.refresh_from_db()
        assert (first.status, second.status) == ("succeeded", "cancelled")
        assert [line.scheduled_at for line in lines_of(out) if line.job_key == job.key] == [
            first.scheduled_at
        ]

    def test_a_running_thread_is_asked_to_stop(self, scheduler: Program, out: Path) -> None:
        run = make_triggered("chaos.order", out, seconds=60)
        until(lambda: any(line.job_key == run.job_key for line in lines_of(out)))

        run.cancel()

        assert until(ended(run)) < MARGIN
        assert Run.objects.get(pk=run.pk).status == "cancelled"

    def test_a_running_process_is_killed(self, scheduler: Program, out: Path) -> None:
        run = make_triggered("chaos.order_isolated", out, seconds=60)
        until(lambda: any(line.job_key == run.job_key for line in lines_of(out)))
        (process_id,) = [line.process_id for line in lines_of(out) if line.job_key == run.job_key]

        run.cancel()

        assert until(ended(run)) < MARGIN
        assert Run.objects.get(pk=run.pk).status == "cancelled"
        until(lambda: not is_alive(process_id), seconds=5)


def test_a_trigger_of_a_paused_job_runs_and_says_so(scheduler: Program, out: Path) -> None:
    job = make_manual_job(task="chaos.order", params={"path": str(out)})
    job.pause("not by itself")

    run = job.trigger()
    until(ended(run))

    run.refresh_from_db()
    assert (run.status, run.reason) == ("succeeded", "Triggered while the job was paused.")
    assert Job.objects.get(pk=job.pk).state == "paused"
