"""Item 2: death in mid-tick, in mid-run and of a child process; nothing runs on in the rows."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.models import Job, Run
from tests.chaos.counting import (
    Occurrence,
    all_ended,
    forget,
    is_alive,
    lines_of,
    occurrences_of,
    tally,
    until,
)
from tests.chaos.jobs import make_manual_job
from tests.chaos.pace import ENV, LEASE, MARGIN, SWEEP
from tests.factories import make_job
from tests.installation import Installation, Program

STARTED = "Scheduler started successfully"


@pytest.fixture(autouse=True)
def _alone(installation: Installation, out: Path) -> Iterator[None]:
    yield
    installation.kill_all()
    forget(out)


def start(installation: Installation, **env: str) -> Program:
    program = installation.start("runapscheduler", **ENV, **env)
    program.wait_for(STARTED, seconds=30)
    return program


def dies_at(installation: Installation, failpoint: str) -> None:
    program = installation.start("runapscheduler", **ENV, CHAOS_FAILPOINT=failpoint)
    assert program.wait(30) == -signal.SIGKILL, program.output


def once_soon(key: str, out: Path) -> Occurrence:
    """Put a job that fires once, and return its occurrence."""
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    task = f"chaos.{key.partition('_')[0]}"
    job = make_job(
        key=key, task=task, params={"path": str(out)}, trigger_kind="date",
        trigger_expression=soon.isoformat(), misfire_grace_seconds=None, **policy_of(task),
    )  # fmt: skip
    return job.key, soon


def policy_of(task: str) -> dict[str, Any]:
    """Let what may run twice run twice, and not what is called an order."""
    return {"retry_lost": "order" not in task, "max_attempts": 3, "backoff_seconds": 0}


def triggered(task: str, out: Path, **params: Any) -> Run:
    job = make_manual_job(
        key=task.partition(".")[2], task=task, params={"path": str(out), **params},
        **policy_of(task),
    )  # fmt: skip
    return job.trigger()


def attempts(out: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in lines_of(out):
        found.setdefault(line.job_key, []).append(line.attempt)
    return found


def ends() -> dict[str, tuple[str, int]]:
    return {run.job_key: (run.status, run.attempt) for run in Run.objects.all()}


def test_what_is_not_committed_fires_again_and_what_is_committed_runs(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    occurrence = once_soon("order", out)

    dies_at(installation, "tick:before")
    before = ends()
    dies_at(installation, "tick:after")
    after = ends()
    start(installation)
    recovered = until(all_ended)

    assert (before, after) == ({}, {"order": ("pending", 0)})
    assert ends() == {"order": ("succeeded", 1)}
    assert Job.objects.get().state == "finished"
    tell("killed before, after a tick's commit", tally(out, [occurrence]), recovered=recovered)


def test_what_must_not_run_twice_does_not(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    unstarted = [once_soon(task, out) for task in ("order", "work")]
    dies_at(installation, "claim:after")
    unsaid = [once_soon(f"{task}_once_more", out) for task in ("order", "work")]
    dies_at(installation, "outcome:before")

    start(installation)
    recovered = until(all_ended)

    assert ends() == {
        "order": ("lost", 1), "work": ("succeeded", 2),
        "order_once_more": ("lost", 1), "work_once_more": ("succeeded", 2),
    }  # fmt: skip
    assert attempts(out) == {"work": [2], "order_once_more": [1], "work_once_more": [1, 2]}
    assert recovered < LEASE + SWEEP + MARGIN
    tell(
        "killed after a claim, before an outcome",
        tally(out, unstarted + unsaid),
        recovered=recovered,
    )


def test_a_killed_schedulers_runs_are_lost_within_the_lease_or_retried(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    victim = start(installation)
    tasks = ("order", "order_isolated", "work", "work_isolated")
    runs = [triggered(f"chaos.{task}", out, seconds=20) for task in tasks]
    until(lambda: len(lines_of(out)) == len(tasks), what="all to run")
    children = {line.process_id for line in lines_of(out)} - {victim.pid}

    victim.kill()
    recovered = until_given_up(installation, runs)
    until(all_ended)

    assert ends() == {
        "order": ("lost", 1), "order_isolated": ("lost", 1),
        "work": ("succeeded", 2), "work_isolated": ("succeeded", 2),
    }  # fmt: skip
    assert "no heartbeat since" in Run.objects.get(job_key="order").reason
    assert recovered < LEASE + SWEEP + MARGIN
    assert not any(map(is_alive, children))
    tell("scheduler killed in mid-run", tally(out, occurrences_of(runs)), recovered=recovered)


def until_given_up(installation: Installation, runs: list[Run]) -> float:
    """Start another scheduler, and return when it had ended or retried all that the dead held."""
    dead = Run.objects.get(pk=runs[0].pk).worker_id
    installation.start("runapscheduler", **ENV)
    return until(lambda: not Run.objects.filter(worker=dead, status="running").exists())


def test_a_killed_child_loses_its_run_at_once_and_no_other(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    start(installation)
    order, other = [
        triggered(f"chaos.{task}", out, seconds=5) for task in ("order_isolated", "order")
    ]
    until(lambda: len(lines_of(out)) == 2, what="both to run")

    os.kill(process_of(order, out), signal.SIGKILL)
    recovered = until(lambda: Run.objects.filter(status="lost").exists(), what="the loss")
    again = trigger_again(order)
    until(lambda: not Run.objects.get(pk=again.pk).is_open, what="a run in a new child")
    os.kill(process_of(again, out), signal.SIGKILL)  # while it is idle
    last = trigger_again(order)
    until(all_ended)

    statuses = {run.pk: run.status for run in Run.objects.all()}
    runs = [order, other, again, last]
    assert [statuses[run.pk] for run in runs] == ["lost", "succeeded", "succeeded", "succeeded"]
    assert "was killed (SIGKILL)" in Run.objects.get(pk=order.pk).reason
    assert recovered < MARGIN
    tell("child process killed", tally(out, occurrences_of(runs)), recovered=recovered)


def trigger_again(run: Run) -> Run:
    return Job.objects.get(key=run.job_key).trigger(params={"seconds": 0})


def process_of(run: Run, out: Path) -> int:
    return next(line.process_id for line in lines_of(out) if line.scheduled_at == run.scheduled_at)
