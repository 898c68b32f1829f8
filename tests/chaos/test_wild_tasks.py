"""Item 6: tasks that nobody should write; slots, children and recorder stay healthy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from scheduling.models import Job, Run, Worker
from tests.chaos.counting import all_ended, forget, occurrences_of, tally, until
from tests.chaos.jobs import make_manual_job
from tests.chaos.pace import ENV, LEASE, MARGIN, SWEEP
from tests.installation import Installation, Program

SLOTS = {"SCHEDULING_THREADS": "3", "SCHEDULING_PROCESSES": "2", "SCHEDULING_STOP_GRACE": "0.5"}
LOG_LINES = 500
SETTINGS = {**ENV, **SLOTS, "SCHEDULING_LOG_LINES": str(LOG_LINES)}
WILD: dict[str, tuple[str, dict[str, Any]]] = {
    "hang": ("chaos.never_return", {}),
    "hang_isolated": ("chaos.never_return_isolated", {}),
    "eat_memory": ("chaos.eat_memory", {"megabytes": 3000}),
    "exit": ("chaos.exit", {}),
    "exit_at_once": ("chaos.exit_at_once_isolated", {"code": 0}),
    "raise_base": ("chaos.raise_base", {}),
    "fork": ("chaos.fork", {}),
    "fork_isolated": ("chaos.fork_isolated", {}),
    "flood": ("chaos.flood", {"lines": 5000}),
    "return_object": ("chaos.return_object", {}),
    "close_connection": ("chaos.close_connection", {"of_driver": False}),
    "close_under_django": ("chaos.close_connection", {"of_driver": True}),
    "leave_transaction": ("chaos.leave_transaction", {"by_hand": False}),
    "leave_transaction_by_hand": ("chaos.leave_transaction", {"by_hand": True}),
}


@pytest.fixture(scope="module")
def scheduler(installation: Installation) -> Program:
    program = installation.start("runapscheduler", **SETTINGS)
    program.wait_for("Scheduler started successfully", seconds=30)
    return program


@pytest.fixture(scope="module")
def wild(scheduler: Program) -> dict[str, Run]:
    """All of them at once, in few slots, and how they ended."""
    for key, (task, params) in WILD.items():
        timeout = 1 if key.startswith("hang") else 20
        make_manual_job(key=key, task=task, params=params, timeout_seconds=timeout).trigger()
    until(all_ended, what="the end of all wild tasks")
    return {run.job_key: run for run in Run.objects.all()}


@pytest.mark.parametrize(
    ("key", "status", "says"),
    [
        ("hang", "timed_out", "Ended after its timeout of 1 s."),
        ("hang_isolated", "timed_out", "Ended after its timeout of 1 s."),
        ("eat_memory", "failed", "needed more than the 2048 MB of memory"),
        ("exit", "failed", "SystemExit: 3"),
        ("exit_at_once", "lost", "Its process died (exit code 0)."),
        ("raise_base", "failed", "NoError: not an Exception"),
        ("fork", "succeeded", ""),
        ("fork_isolated", "succeeded", ""),
        ("flood", "succeeded", ""),
        ("return_object", "failed", "The task returned what JSON cannot hold"),
        ("close_connection", "succeeded", ""),
        ("close_under_django", "succeeded", ""),
        ("leave_transaction", "succeeded", ""),
        ("leave_transaction_by_hand", "succeeded", ""),
    ],
)
def test_it_ends_and_says_how(wild: dict[str, Run], key: str, status: str, says: str) -> None:
    run = wild[key]

    assert run.status == status
    assert says in f"{run.error} {run.reason}"


def test_a_flood_of_log_lines_is_cut_and_says_so(wild: dict[str, Run]) -> None:
    lines = list(wild["flood"].logs.values_list("message", flat=True))

    assert len(lines) == LOG_LINES + 1
    assert lines[-1].startswith(f"The log is full: {LOG_LINES} lines are kept of a run.")


def test_an_open_transaction_changes_nothing_and_holds_nobody_up(wild: dict[str, Run]) -> None:
    assert not Job.objects.filter(description="locked").exists()
    assert Job.objects.update(description="free") == Job.objects.count()


def test_no_process_is_left_over(wild: dict[str, Run], scheduler: Program) -> None:
    """The other side of a fork has ended, and so has each child that was killed."""
    until(lambda: len(living_children(scheduler)) <= int(SLOTS["SCHEDULING_PROCESSES"]) + 1)


def test_every_slot_works_as_before(
    wild: dict[str, Run], scheduler: Program, out: Path, tell: Callable[..., None]
) -> None:
    keys = [("order", number) for number in range(6)] + [("order_isolated", n) for n in range(4)]
    runs = [
        make_manual_job(
            key=f"{task}{number}", task=f"chaos.{task}", params={"path": str(out)}
        ).trigger()
        for task, number in keys
    ]
    recovered = until(all_ended)

    assert scheduler.poll() is None
    assert Worker.objects.get().trouble == ""
    assert not Run.objects.filter(pk__in=[run.pk for run in runs]).exclude(status="succeeded")
    tell("wild tasks", tally(out, occurrences_of(runs)), recovered=recovered)


def living_children(scheduler: Program) -> list[psutil.Process]:
    """Return the child processes, one of which is Python's resource tracker."""
    children = psutil.Process(scheduler.pid).children(recursive=True)
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


class TestOfTheWholeProcess:
    """A task in a thread that ends its process takes the scheduler along, whatever one does."""

    @pytest.fixture(autouse=True)
    def _clean(self, installation: Installation, out: Path) -> None:
        installation.kill_all()
        forget(out)

    def test_what_else_ran_there_is_lost_and_another_scheduler_goes_on(
        self, installation: Installation, out: Path, tell: Callable[..., None]
    ) -> None:
        jobs = [
            make_manual_job(task="chaos.exit_at_once"),
            make_manual_job(task="chaos.order", params={"path": str(out), "seconds": 9}),
        ]
        program = installation.start("runapscheduler", **SETTINGS)
        program.wait_for("Scheduler started successfully")
        runs = [job.trigger() for job in reversed(jobs)]
        program.wait(20)

        installation.start("runapscheduler", **SETTINGS)
        recovered = until(all_ended)

        assert set(Run.objects.values_list("status", flat=True)) == {"lost"}
        assert recovered < LEASE + SWEEP + MARGIN
        tell("os._exit in a thread", tally(out, occurrences_of(runs[:1])), recovered=recovered)
