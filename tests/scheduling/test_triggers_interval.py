"""Intervals: elapsed time, or whole days by the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import Trigger, TriggerSpec, build_trigger

ZURICH = ZoneInfo("Europe/Zurich")
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def zurich(text: str, fold: int = 0) -> datetime:
    # In UTC, as Python calls no two times equal that are in a fold and in different zones.
    return datetime.fromisoformat(text).replace(tzinfo=ZURICH, fold=fold).astimezone(UTC)


def interval(expression: str, anchor: datetime | None = None) -> Trigger:
    return build_trigger(TriggerSpec("interval", expression, "Europe/Zurich", anchor_at=anchor))


def clock_times(trigger: Trigger, after: datetime, count: int) -> list[str]:
    found = trigger.fire_times(after, FAR, count)
    return [f"{at.astimezone(ZURICH):%d %H:%M}" for at in found]


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("30s", 30), ("15m", 900), ("1h30m", 5400), ("1h 30m", 5400), ("36h", 129_600)],
)
def test_expression_adds_up_its_units(expression: str, seconds: int) -> None:
    anchor = zurich("2025-01-01T00:00:00")

    found = interval(expression, anchor).next_after(anchor)

    assert found == anchor + timedelta(seconds=seconds)


@pytest.mark.parametrize("expression", ["1d", "24h", "1440m", "86400s"])
def test_whole_days_keep_the_wall_clock_when_the_clocks_change(expression: str) -> None:
    trigger = interval(expression, zurich("2025-01-01T16:00"))

    assert clock_times(trigger, zurich("2025-03-29T00:00"), 3) == [
        "29 16:00",
        "30 16:00",
        "31 16:00",
    ]
    assert clock_times(trigger, zurich("2025-10-25T17:00"), 2) == ["26 16:00", "27 16:00"]


def test_weeks_keep_the_weekday_and_the_wall_clock() -> None:
    trigger = interval("1w", zurich("2025-03-24T09:00"))

    assert clock_times(trigger, zurich("2025-03-24T09:00"), 2) == ["31 09:00", "07 09:00"]


def test_days_in_a_gap_fire_at_its_end_and_the_next_day_in_time() -> None:
    trigger = interval("1d", zurich("2025-03-01T02:30"))

    assert clock_times(trigger, zurich("2025-03-28T12:00"), 3) == [
        "29 02:30",
        "30 03:00",
        "31 02:30",
    ]


def test_days_in_a_fold_fire_the_first_time_only() -> None:
    trigger = interval("1d", zurich("2025-10-01T02:30"))

    found = trigger.fire_times(zurich("2025-10-25T12:00"), FAR, 2)

    assert found == [zurich("2025-10-26T02:30", fold=0), zurich("2025-10-27T02:30")]


def test_anchor_in_the_second_pass_of_a_fold_is_the_first_fire_time() -> None:
    anchor = zurich("2025-10-26T02:30", fold=1)

    found = interval("1d", anchor).fire_times(zurich("2025-10-01T00:00"), FAR, 2)

    assert found == [anchor, zurich("2025-10-27T02:30")]


def test_hours_are_elapsed_time_when_the_clocks_change() -> None:
    anchor = zurich("2025-10-26T00:30")

    found = interval("1h", anchor).fire_times(anchor, FAR, 4)

    assert found == [anchor + timedelta(hours=n) for n in range(1, 5)]
    assert clock_times(interval("1h", anchor), anchor, 3) == ["26 01:30", "26 02:30", "26 02:30"]


def test_anchor_in_the_future_is_the_first_fire_time() -> None:
    anchor = zurich("2025-06-01T08:00")

    assert interval("15m", anchor).next_after(zurich("2025-01-01T00:00")) == anchor


def test_start_at_counts_before_the_anchor() -> None:
    start = zurich("2025-06-01T08:05")
    spec = TriggerSpec("interval", "15m", start_at=start, anchor_at=zurich("2020-01-01T00:00"))

    assert build_trigger(spec).next_after(start) == start + timedelta(minutes=15)


def test_without_an_anchor_counting_starts_at_the_epoch() -> None:
    noon = datetime(2025, 1, 1, 12, 1, tzinfo=UTC)

    assert interval("15m").next_after(noon) == noon + timedelta(minutes=14)


def test_building_it_again_moves_no_fire_time() -> None:
    anchor = zurich("2025-01-01T08:00:00.123456")
    build_trigger.cache_clear()
    first = interval("7h", anchor).fire_times(anchor, FAR, 100)
    build_trigger.cache_clear()

    assert interval("7h", anchor).fire_times(anchor, FAR, 100) == first


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("15", "is no interval; write whole numbers with s, m, h, d or w"),
        ("1.5h", "is no interval"),
        ("-5m", "is no interval"),
        ("5M", "is no interval"),
        ("", "is no interval"),
        ("0s", "too short or too long; use 1s to 36500d"),
        ("99999999999999999999w", "too short or too long"),
        ("1h2h", "names a unit twice"),
    ],
)
def test_an_error_says_what_an_interval_looks_like(expression: str, message: str) -> None:
    with pytest.raises(InvalidTrigger) as caught:
        interval(expression)

    assert message in caught.value.errors["expression"][0]
