"""Which of the fire times that have come get a run, and how many more these stand for."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.triggers import DueTimes, Trigger, TriggerSpec, build_trigger

FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVERY_MINUTE = build_trigger(TriggerSpec("cron", "* * * * *"))
TRIGGERS = [
    EVERY_MINUTE,
    build_trigger(TriggerSpec("cron", "*/15 7-23 * * *", "Europe/Zurich")),
    build_trigger(TriggerSpec("cron", "30 2 * * *", "America/New_York")),
    build_trigger(TriggerSpec("interval", "37m", anchor_at=FIRST)),
    build_trigger(TriggerSpec("interval", "1d", "Africa/Cairo", anchor_at=FIRST)),
    build_trigger(TriggerSpec("cron", "0 * * * *", end_at=FIRST + timedelta(days=1))),
]


def due(trigger: Trigger, now: datetime, *, coalesce: bool, cap: int) -> DueTimes:
    return DueTimes.since(FIRST, trigger, now, coalesce=coalesce, cap=cap)


def minutes(due_times: DueTimes) -> list[int]:
    return [int((at - FIRST) / MINUTE) for at in due_times.times]


@pytest.mark.parametrize("coalesce", [True, False], ids=["coalesced", "each"])
def test_one_that_has_come_in_time_stands_for_itself(coalesce: bool) -> None:
    found = due(EVERY_MINUTE, FIRST + MINUTE / 2, coalesce=coalesce, cap=10)

    assert (minutes(found), found.left_out, found.note) == ([0], 0, "")


@pytest.mark.parametrize(
    ("coalesce", "late", "times", "left_out"),
    [
        pytest.param(True, 1, [1], 1, id="coalesced-two"),
        pytest.param(True, 4, [4], 4, id="coalesced-up-to-the-cap"),
        pytest.param(True, 5, [5], 4, id="coalesced-beyond-it"),
        pytest.param(False, 3, [0, 1, 2, 3], 0, id="each-up-to-the-cap"),
        pytest.param(False, 4, [1, 2, 3, 4], 1, id="each-one-more-than-the-cap"),
        pytest.param(False, 7, [4, 5, 6, 7], 4, id="each-twice-the-cap"),
        pytest.param(False, 90, [87, 88, 89, 90], 4, id="each-far-beyond-it"),
    ],
)
def test_the_last_ones_answer_for_those_before(
    coalesce: bool, late: int, times: list[int], left_out: int
) -> None:
    found = due(EVERY_MINUTE, FIRST + late * MINUTE, coalesce=coalesce, cap=4)

    assert (minutes(found), found.left_out) == (times, left_out)


@pytest.mark.parametrize(
    ("late", "words"),
    [(5, "1 earlier fire time too"), (7, "3 earlier fire times too"), (8, "at least 4 earlier")],
)
def test_the_note_counts_what_was_left_out_and_says_since_when(late: int, words: str) -> None:
    found = due(EVERY_MINUTE, FIRST + (late - 1) * MINUTE, coalesce=False, cap=4)

    assert f"Stands for {words}" in found.note
    assert found.note.endswith("from 2026-03-02 12:00:00Z on.")


@given(
    trigger=st.sampled_from(TRIGGERS),
    late=st.integers(0, 5 * 1440),
    cap=st.integers(1, 30),
    coalesce=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_none_is_forgotten_and_none_made_up(
    trigger: Trigger, late: int, cap: int, coalesce: bool
) -> None:
    first = trigger.next_after(FIRST)
    assert first is not None
    now = first + late * MINUTE

    found = DueTimes.since(first, trigger, now, coalesce=coalesce, cap=cap)

    listed = [first, *trigger.fire_times(first, now, 10_000)]
    kept = 1 if coalesce else min(cap, len(listed))
    assert list(found.times) == listed[-kept:]
    assert found.left_out == min(cap, len(listed) - kept)


@pytest.mark.parametrize("coalesce", [True, False], ids=["coalesced", "each"])
def test_ten_years_of_seconds_are_not_enumerated(coalesce: bool) -> None:
    every_second = build_trigger(TriggerSpec("cron", "* * * * * *"))
    now = FIRST + timedelta(days=3652)
    started = time.perf_counter()

    found = due(every_second, now, coalesce=coalesce, cap=100)

    assert (found.times[-1], found.left_out) == (now, 100)
    # Five milliseconds where it was measured; the bound leaves room for a busy machine.
    assert time.perf_counter() - started < 0.5


def test_a_trigger_that_has_ended_answers_for_its_last_fire_times() -> None:
    ended = build_trigger(TriggerSpec("cron", "* * * * *", end_at=FIRST + 2 * MINUTE))

    found = due(ended, FIRST + 90 * MINUTE, coalesce=True, cap=10)

    assert (minutes(found), found.left_out) == ([2], 2)


def test_a_fire_time_that_the_trigger_names_no_more_is_kept() -> None:
    changed = build_trigger(TriggerSpec("cron", "30 * * * *"))

    found = due(changed, FIRST + MINUTE, coalesce=True, cap=10)

    assert (minutes(found), found.left_out) == ([0], 0)
