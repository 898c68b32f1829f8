"""Item 4: the clock behind a scheduler jumps, and its machine sleeps."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.models import Job, Run
from tests.chaos.clock import MovedClock
from tests.chaos.counting import all_ended, forget, lines_of, tally, until
from tests.chaos.pace import ENV, IS_LONG, MARGIN
from tests.factories import make_job
from tests.installation import Installation, Program

TEN_YEARS = timedelta(days=3653)
HOUR = timedelta(hours=1)
CAP = 100  # SCHEDULING_CATCH_UP_CAP
ALARM = "The clock jumped by"


@pytest.fixture
def scheduler(installation: Installation, clock: MovedClock, out: Path) -> Iterator[Program]:
    clock.move(-clock.offset)
    program = installation.start("runapscheduler", **ENV, **clock.env)
    program.wait_for("Scheduler started successfully", seconds=30)
    yield program
    installation.kill_all()
    forget(out)


def make_jobs(out: Path, clock: MovedClock, expression: str) -> None:
    """Put a job that coalesces, one that does not, and one with a grace of a minute."""
    policies: dict[str, dict[str, Any]] = {
        "coalescing": {"coalesce": True, "misfire_grace_seconds": None},
        "each": {"coalesce": False, "misfire_grace_seconds": None},
        "with_grace": {"coalesce": False, "misfire_grace_seconds": 60},
    }
    for key, policy in policies.items():
        make_job(
            key=key, task="chaos.order", params={"path": str(out)}, trigger_expression=expression,
            overlap="allow", max_instances=1000, now=clock.now(), **policy,
        )  # fmt: skip


def pause_all(clock: MovedClock) -> None:
    for job in Job.objects.all():
        job.pause("enough", now=clock.now())
    until(all_ended)


def runs_of(key: str) -> list[tuple[str, str]]:
    return list(Run.objects.filter(job_key=key).order_by("id").values_list("status", "reason"))


def counted(out: Path) -> Counter[str]:
    return Counter(line.job_key for line in lines_of(out))


def occurrences(out: Path) -> set[Any]:
    return {(line.job_key, line.scheduled_at) for line in lines_of(out)}


def test_ten_years_forward_are_no_storm(
    scheduler: Program, clock: MovedClock, out: Path, tell: Callable[..., None]
) -> None:
    make_jobs(out, clock, "* * * * * *")
    until(lambda: counted(out)["each"] >= 2, what="the jobs to fire")
    before = counted(out)

    clock.move(TEN_YEARS)
    jumped_at = time.monotonic()
    scheduler.wait_for(ALARM, seconds=15)
    until(lambda: counted(out)["coalescing"] > before["coalescing"] + 1)
    recovered = time.monotonic() - jumped_at
    pause_all(clock)

    seconds = time.monotonic() - jumped_at + MARGIN
    since = counted(out) - before
    assert since["coalescing"] < seconds
    assert CAP <= since["each"] < CAP + seconds
    assert "Stands for at least 100" in "".join(reason for _, reason in runs_of("coalescing"))
    assert Counter(status for status, _ in runs_of("with_grace"))["missed"] <= CAP
    assert scheduler.output.count(ALARM) == 1
    tell("clock ten years forward", tally(out, occurrences(out)), recovered=recovered)


@pytest.mark.skipif(not IS_LONG, reason="It takes 20 s until clocks are inspected.")
def test_ten_years_forward_and_back_leave_the_jobs_firing(
    scheduler: Program, clock: MovedClock, out: Path, tell: Callable[..., None]
) -> None:
    make_jobs(out, clock, "* * * * * *")
    clock.move(TEN_YEARS)
    until(lambda: counted(out)["each"] >= CAP, what="the jobs to fire ahead of the time")
    scheduler.wait_for(ALARM, seconds=15)

    clock.move(-TEN_YEARS)
    now = clock.now()
    recovered = until(lambda: any(line.scheduled_at < now + HOUR for line in lines_of(out)[CAP:]))
    pause_all(clock)

    assert scheduler.output.count(ALARM) == 2
    tell("clock ten years forward and back", tally(out, occurrences(out)), recovered=recovered)


def test_two_minutes_back_run_nothing_twice(
    scheduler: Program, clock: MovedClock, out: Path, tell: Callable[..., None]
) -> None:
    make_jobs(out, clock, "* * * * * *")
    until(lambda: counted(out)["each"] >= 2, what="the jobs to fire")

    clock.move(timedelta(minutes=-2))
    scheduler.wait_for(ALARM, seconds=15)
    run = Job.objects.get(key="each").trigger(now=clock.now())  # the scheduler still works
    until(lambda: not Run.objects.get(pk=run.pk).is_open)

    assert scheduler.output.count(ALARM) == 1
    assert [status for status, _ in runs_of("each")].count("missed") == 0
    tell("clock two minutes back", tally(out, occurrences(out)))


def test_after_an_hour_asleep_coalescing_and_grace_decide(
    scheduler: Program, clock: MovedClock, out: Path, tell: Callable[..., None]
) -> None:
    until(lambda: clock.now().second < 50)  # so that nothing fires before it sleeps
    make_jobs(out, clock, "* * * * *")

    scheduler.send_signal(signal.SIGSTOP)
    clock.move(timedelta(hours=1))
    scheduler.send_signal(signal.SIGCONT)
    woken_at = time.monotonic()
    until(lambda: counted(out)["coalescing"] >= 1)
    recovered = time.monotonic() - woken_at
    until(all_ended)

    assert counted(out)["coalescing"] == 1
    assert "earlier fire times too" in runs_of("coalescing")[0][1]
    assert 59 <= counted(out)["each"] <= 61
    grace = Counter(status for status, _ in runs_of("with_grace"))
    assert 1 <= grace["succeeded"] <= 2
    assert grace["missed"] >= 57
    reasons = [reason for status, reason in runs_of("with_grace") if status == "missed"]
    assert all("No scheduler looked until" in reason for reason in reasons)
    tell("machine asleep for an hour", tally(out, occurrences(out)), recovered=recovered)
