"""Item 8: ten quick triggers of a slow task under each overlap policy, and retries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scheduling.models import Run
from tests.chaos.counting import all_ended, lines_of, tally, until
from tests.chaos.jobs import make_manual_job
from tests.chaos.pace import ENV, MARGIN
from tests.installation import Installation

TRIGGERS = 10
SLOW = 0.25  # s
POLICIES: dict[str, dict[str, Any]] = {
    "skip": {"overlap": "skip"},
    "queue": {"overlap": "queue"},
    "queue_of_two": {"overlap": "queue", "max_instances": 2},
    "allow_three": {"overlap": "allow", "max_instances": 3},
}
FAILING: dict[str, dict[str, Any]] = {
    "recovers": {"task": "chaos.fail_at_first", "max_attempts": 4, "params": {"times": 2}},
    "gives_up": {"task": "chaos.fail_at_first", "max_attempts": 2, "params": {"times": 9}},
    "permanent": {"task": "chaos.fail_for_good", "max_attempts": 4},
}


@pytest.fixture(scope="module")
def runs(installation: Installation, out: Path) -> dict[str, list[Run]]:
    """Everything at once, and how it ended, by job."""
    program = installation.start("runapscheduler", **ENV)
    program.wait_for("Scheduler started successfully", seconds=30)
    jobs = [
        make_manual_job(
            key=key, task="chaos.order", params={"path": str(out), "seconds": SLOW}, **policy
        )
        for key, policy in POLICIES.items()
    ]
    for key, values in FAILING.items():
        params = {"path": str(out), **values.get("params", {})}
        make_manual_job(**{**values, "key": key, "params": params}, backoff_seconds=1).trigger()
    for job in jobs:
        for _ in range(TRIGGERS):
            job.trigger()
    until(all_ended)
    return {
        key: list(Run.objects.filter(job_key=key).order_by("id")) for key in [*POLICIES, *FAILING]
    }


def statuses(runs: list[Run]) -> dict[str, int]:
    return Counter(run.status for run in runs)


def most_at_once(runs: list[Run]) -> int:
    """Return how many of them ran at the same time."""
    ran = [run for run in runs if run.status == "succeeded" and run.started_at and run.finished_at]
    events = [(run.started_at, 1) for run in ran] + [(run.finished_at, -1) for run in ran]
    most = now = 0
    for _, step in sorted(events):  # an end comes before a start of the same instant
        now += step
        most = max(most, now)
    return most


@pytest.mark.parametrize(
    ("key", "at_once", "skipped_for"),
    [
        ("skip", 1, "1 run of this job had not ended."),
        ("queue", 1, None),
        ("queue_of_two", 2, None),
        ("allow_three", 3, "3 runs of this job had not ended."),
    ],
)
def test_ten_quick_triggers_keep_to_the_policy(
    runs: dict[str, list[Run]], key: str, at_once: int, skipped_for: str | None
) -> None:
    found = runs[key]

    assert len(found) == TRIGGERS
    assert most_at_once(found) == at_once
    reasons = {run.reason for run in found if run.status == "skipped"}
    assert reasons == ({skipped_for} if skipped_for else set())
    assert set(statuses(found)) <= {"succeeded", "skipped"}


def test_a_queue_is_worked_off_in_order(runs: dict[str, list[Run]]) -> None:
    starts = [run.started_at for run in runs["queue"] if run.started_at]

    assert len(starts) == TRIGGERS
    assert starts == sorted(starts)


def test_each_is_executed_once(
    runs: dict[str, list[Run]], out: Path, tell: Callable[..., None]
) -> None:
    expected = {
        (run.job_key, run.scheduled_at)
        for key in POLICIES
        for run in runs[key]
        if run.status == "succeeded"
    }
    retried = {(run.job_key, run.scheduled_at) for key in FAILING for run in runs[key]}

    tell("ten quick triggers, retries", tally(out, expected | retried))


def test_retries_wait_twice_as_long_each_time(runs: dict[str, list[Run]], out: Path) -> None:
    times = [line.written_at for line in lines_of(out) if line.job_key == "recovers"]

    waits = [after - before for before, after in pairwise(times)]

    assert len(waits) == 2
    for wait, base in zip(waits, (1, 2), strict=True):
        assert 0.8 * base <= wait <= 1.2 * base + MARGIN


def test_a_run_keeps_the_errors_of_its_earlier_attempts(runs: dict[str, list[Run]]) -> None:
    (run,) = runs["recovers"]

    assert (run.status, run.attempt, run.error) == ("succeeded", 3, "")
    assert [(one["attempt"], one["status"], one["error"]) for one in run.errors] == [
        (1, "failed", "ConnectionError: attempt 1 failed"),
        (2, "failed", "ConnectionError: attempt 2 failed"),
    ]


def test_the_last_attempt_decides(runs: dict[str, list[Run]]) -> None:
    (run,) = runs["gives_up"]

    assert (run.status, run.attempt, len(run.errors)) == ("failed", 2, 1)
    assert run.error == "ConnectionError: attempt 2 failed"


def test_what_the_task_calls_permanent_is_not_retried(
    runs: dict[str, list[Run]], out: Path
) -> None:
    (run,) = runs["permanent"]

    assert (run.status, run.attempt, run.error) == ("failed", 1, "no such account")
    assert [line.attempt for line in lines_of(out) if line.job_key == "permanent"] == [1]
