"""What goes wrong with django-apscheduler's runs, in one scheduler: see docs/peers.md."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.counting import forget
from tests.installation import Installation
from tests.peers.apscheduler_system import DjangoApscheduler
from tests.peers.daybook import Daybook
from tests.peers.system import (
    HOUR,
    SECOND,
    STARTED,
    Spec,
    System,
    django_apscheduler_fails,
    happens,
    seconds_of_request,
)

HALF_AN_HOUR, MINUTE, DAY = timedelta(minutes=30), timedelta(minutes=1), timedelta(days=1)
CAP = 100  # SCHEDULING_CATCH_UP_CAP
MISSED = 4 * 48  # half hours in four days
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module", params=[Daybook, DjangoApscheduler], ids=lambda kind: kind.name)
def system(
    request: pytest.FixtureRequest, database: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """One scheduler for all of these jobs: starting one for each takes longer than the tests."""
    with Installation.on_test_database(tmp_path_factory.mktemp("peers")) as installation:
        system: System = request.param(installation)
        for spec in specs(datetime.now(UTC)):
            system.add_job(spec)
        system.start()
        yield system
        system.end()
        forget(system.out)


def specs(now: datetime) -> Iterator[Spec]:
    soon = now + 2 * SECOND
    yield Spec("often", every=HALF_AN_HOUR, since=now - 4 * DAY - MINUTE, catch_up=True)
    yield Spec("hourly", every=HOUR, since=NOW - 2 * HOUR - MINUTE, catch_up=True)
    yield Spec("late", every=HOUR, since=now - HOUR - 5 * SECOND)
    yield Spec("hangs", every=SECOND, timeout=1, seconds=60)
    yield Spec("killed", every=HOUR, since=soon - HOUR, isolated=True, seconds=20)
    yield Spec("once", at=soon)
    yield Spec("fails", task="fail", every=DAY)
    yield Spec("quick", every=DAY)


@django_apscheduler_fails("did not run: .*missed")
def test_a_run_that_is_five_seconds_late_runs(system: System) -> None:
    happens(lambda: system.history("late") not in ([], [STARTED]))

    assert system.lines("late"), f"It did not run: {system.history('late')}."


@django_apscheduler_fails("192 runs")
def test_catching_up_with_four_days_has_a_cap(system: System) -> None:
    assert happens(system.ran("often", CAP))
    happens(system.ran("often", MISSED), seconds=0.5)

    assert len(system.lines("often")) == CAP, f"{len(system.lines('often'))} runs"


@django_apscheduler_fails("ran for")
def test_a_late_run_knows_for_which_instant_it_stands(system: System) -> None:
    assert happens(system.ran("hourly", 2))

    instants = sorted(line.scheduled_at for line in system.lines("hourly"))
    missed = [NOW - HOUR - MINUTE, NOW - MINUTE]
    assert instants == missed, f"What should have run for {missed} ran for {instants}."


@django_apscheduler_fails("waited .* for the answer")
def test_running_it_now_does_not_hold_up_the_request(system: System) -> None:
    seconds = seconds_of_request(system, "fails")

    assert happens(lambda: system.history("fails") == ["failed"])
    assert seconds < 1, f"The user waited {seconds:.1f} s for the answer."


@django_apscheduler_fails("in the web process")
def test_running_it_now_runs_it_where_the_others_run(system: System) -> None:
    seconds_of_request(system, "quick")

    assert happens(system.ran("quick"))
    assert system.lines("quick")[0].process_id != os.getpid(), "It ran in the web process."


@django_apscheduler_fails("still counts as started")
def test_a_run_whose_process_was_killed_ends(system: System) -> None:
    assert happens(system.ran("killed"))

    os.kill(system.lines("killed")[0].process_id, signal.SIGKILL)

    ended = happens(lambda: STARTED not in system.history("killed"), seconds=1.5)
    assert ended, f"The run still counts as {system.history('killed')[0]}."


@django_apscheduler_fails("has no history")
def test_a_job_that_fired_for_the_last_time_keeps_its_history(system: System) -> None:
    assert happens(system.ran("once"))

    kept = happens(lambda: system.history("once") == ["succeeded"], seconds=1)
    assert kept, f"It ran, and has no history: {system.history('once')}."


@django_apscheduler_fails("the first one hangs")
def test_a_task_that_hangs_does_not_hold_up_its_job(system: System) -> None:
    assert happens(system.ran("hangs"))

    assert happens(system.ran("hangs", 2), seconds=2), "No second run: the first one hangs."
