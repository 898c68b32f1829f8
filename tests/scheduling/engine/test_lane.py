from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import Queue

import pytest

from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.engine.lane import Lane
from scheduling.executors.threads import ThreadExecutor
from scheduling.options import Options
from tests.scheduling.attempts.test_calling import Memory, run_of

SLOTS = 2


@pytest.fixture
def outcomes() -> Queue[Outcome]:
    return Queue()


@pytest.fixture
def lane(outcomes: Queue[Outcome]) -> Iterator[Lane]:
    lane = Lane(["tests.sleep"])
    executor = ThreadExecutor(
        size=SLOTS, sink=Memory(), on_outcome=outcomes.put, on_free=lane.on_end,
        options=Options(stop_grace=1.0),
    )  # fmt: skip
    lane.lead_to(executor, lambda: None)
    yield lane
    lane.withdraw()
    executor.drain(0)
    executor.close()


def runs(count: int, seconds: float) -> list[ClaimedRun]:
    return [replace(run_of("tests.sleep", seconds=seconds), id=n) for n in range(1, count + 1)]


def wait_until(is_true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_claims_for_free_slots_only_as_long_as_nothing_has_ended(lane: Lane) -> None:
    before = lane.room()

    lane.add(runs(SLOTS, seconds=60))

    assert (before, lane.room()) == (SLOTS, 0)


def test_claims_ahead_when_runs_end_quickly(lane: Lane, outcomes: Queue[Outcome]) -> None:
    lane.add(runs(20, seconds=0))

    wait_until(lambda: outcomes.qsize() == 20)

    assert lane.room() > SLOTS


def test_runs_all_that_waits_with_no_more_than_its_slots(
    lane: Lane, outcomes: Queue[Outcome]
) -> None:
    lane.add(runs(6, seconds=0.05))
    at_once = len(lane.executor.running())

    wait_until(lambda: outcomes.qsize() == 6)

    assert at_once == SLOTS
    assert lane.holds() == set()


def test_gives_back_what_waits_behind_long_runs(lane: Lane) -> None:
    lane.add(runs(5, seconds=60))
    at_first = lane.withdraw_stalled()
    withdrawn: list[ClaimedRun] = []

    def has_withdrawn() -> bool:
        withdrawn.extend(lane.withdraw_stalled())
        return bool(withdrawn)

    wait_until(has_withdrawn)

    assert at_first == []
    assert [run.id for run in withdrawn] == [3, 4, 5]
    assert lane.holds() == {1, 2}


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns after every few steps, so that a race is lost at once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_no_run_is_forgotten_when_some_are_withdrawn_while_others_come(lane: Lane) -> None:
    lane.add(runs(SLOTS, seconds=60))  # long ones: all that follows waits
    added = [replace(run, id=run.id + SLOTS) for run in runs(3000, seconds=60)]

    def add_all() -> None:
        for run in added:
            lane.add([run])

    with ThreadPoolExecutor(1) as threads:
        adding = threads.submit(add_all)
        withdrawn: list[ClaimedRun] = []
        while not adding.done():
            withdrawn += lane.withdraw()
        withdrawn += lane.withdraw()

    assert sorted(run.id for run in withdrawn) == [run.id for run in added]


def test_withdraws_one_run_that_shall_not_start(lane: Lane) -> None:
    lane.add(runs(5, seconds=60))

    assert [run.id for run in lane.withdraw({1, 4})] == [4]
    assert lane.holds() == {1, 2, 3, 5}
