"""What fires when the clocks change. The oracle here walks through real time, minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.triggers import TriggerSpec, build_trigger
from tests.cron_cases import FIRST, changes_of

MINUTE = timedelta(minutes=1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
ZONES = [
    "Europe/Zurich",
    "America/New_York",
    "Europe/London",
    "Asia/Seoul",
    "Australia/Lord_Howe",  # by half an hour
    "America/Santiago",  # at midnight
    "Africa/Cairo",  # at midnight
    "America/Havana",  # at midnight
]


def fire_clock_times(expression: str, timezone: str, *, day: str, count: int) -> list[str]:
    """Return local fire times from midnight on; `+` marks the second pass of a fold."""
    zone = ZoneInfo(timezone)
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    trigger = build_trigger(TriggerSpec("cron", expression, timezone))
    found = trigger.fire_times(midnight.astimezone(UTC) - MINUTE, FAR, count)
    local = [at.astimezone(zone) for at in found]
    return [f"{at:%d %H:%M}{'+' * at.fold}" for at in local]


@pytest.mark.parametrize(
    ("expression", "timezone", "day", "expected"),
    [
        ("30 2 * * *", "Europe/Zurich", "2026-03-29", ["29 03:00", "30 02:30"]),
        ("0,30 2 * * *", "Europe/Zurich", "2026-03-29", ["29 03:00", "30 02:00"]),
        ("15 2,3 * * *", "Europe/Zurich", "2026-03-29", ["29 03:00", "29 03:15"]),
        ("30 2 * * *", "Europe/Zurich", "2026-10-25", ["25 02:30", "26 02:30"]),
        ("30 2 * * *", "America/New_York", "2026-03-08", ["08 03:00", "09 02:30"]),
        ("30 1 * * *", "America/New_York", "2026-11-01", ["01 01:30", "02 01:30"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04", ["04 02:30", "05 02:15"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05", ["05 01:45", "06 01:45"]),
        ("0 0 * * *", "Africa/Cairo", "2026-04-24", ["24 01:00", "25 00:00"]),
        ("30 23 * * *", "Africa/Cairo", "2026-10-29", ["29 23:30", "30 23:30"]),
        ("0 0 * * *", "America/Santiago", "2026-09-06", ["06 01:00", "07 00:00"]),
        ("30 0 * * *", "America/Havana", "2026-11-01", ["01 00:30", "02 00:30"]),
        ("20 30 2 * * *", "Europe/Zurich", "2026-03-29", ["29 03:00", "30 02:30"]),
        ("hour=2 minute=30", "Europe/Zurich", "2026-10-25", ["25 02:30", "26 02:30"]),
    ],
)
def test_fixed_time_moves_to_the_end_of_a_gap_and_fires_once_in_a_fold(
    expression: str, timezone: str, day: str, expected: list[str]
) -> None:
    found = fire_clock_times(expression, timezone, day=day, count=len(expected))

    assert found == expected


@pytest.mark.parametrize(
    ("expression", "timezone", "day", "expected"),
    [
        ("0 * * * *", "Europe/Zurich", "2026-03-29", ["29 00:00", "29 01:00", "29 03:00"]),
        ("0 */2 * * *", "Europe/Zurich", "2026-03-29", ["29 00:00", "29 04:00", "29 06:00"]),
        ("*/30 2 * * *", "Europe/Zurich", "2026-03-29", ["30 02:00", "30 02:30"]),
        (
            "*/30 2 * * *",
            "Europe/Zurich",
            "2026-10-25",
            ["25 02:00", "25 02:30", "25 02:00+", "25 02:30+", "26 02:00"],
        ),
        (
            "*/20 * * * *",
            "Australia/Lord_Howe",
            "2026-04-05T01:00",
            ["05 01:00", "05 01:20", "05 01:40", "05 01:40+", "05 02:00"],
        ),
        ("*/15 0 * * *", "Africa/Cairo", "2026-04-24", ["25 00:00", "25 00:15"]),
    ],
)
def test_wildcard_time_follows_elapsed_time(
    expression: str, timezone: str, day: str, expected: list[str]
) -> None:
    found = fire_clock_times(expression, timezone, day=day, count=len(expected))

    assert found == expected


def test_second_pass_of_a_fold_waits_for_the_next_day() -> None:
    trigger = build_trigger(TriggerSpec("cron", "45 2 * * *", "Europe/Zurich"))
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time

    assert trigger.next_after(second_pass) == datetime(2026, 10, 26, 1, 45, tzinfo=UTC)


def walk(start: datetime, zone: ZoneInfo, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    for number in range(1, minutes + 1):
        instant = start + number * MINUTE
        yield instant, instant.astimezone(zone).replace(tzinfo=None, fold=0)


def meant_by(expression: str) -> Callable[[datetime], bool]:
    fields = CronSim(expression, datetime(2025, 1, 1))  # noqa: DTZ001
    return lambda wall: wall.minute in fields.minutes and wall.hour in fields.hours


def clock(limit: int) -> st.SearchStrategy[str]:
    value = st.integers(0, limit)
    ranges = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.lists(value.map(str) | ranges, min_size=1, max_size=3).map(",".join)


def near_a_change(draw: st.DrawFn) -> tuple[str, datetime]:
    timezone = draw(st.sampled_from(ZONES))
    change = draw(st.sampled_from([change.at for change in changes_of(timezone)] or [FIRST]))
    return timezone, change - draw(st.integers(-90, 600)) * MINUTE


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_fixed_times_fire_when_the_clock_first_reaches_or_passes_them(data: st.DataObject) -> None:
    expression = f"{data.draw(clock(59))} {data.draw(clock(4))} * * *"
    timezone, start = data.draw(st.composite(near_a_change)())
    zone = ZoneInfo(timezone)

    found = build_trigger(TriggerSpec("cron", expression, timezone)).fire_times(
        start, start + 900 * MINUTE, 1000
    )

    is_meant, expected = meant_by(expression), []
    reached = max(wall for _, wall in walk(start - 181 * MINUTE, zone, 181))
    for instant, wall in walk(start, zone, 900):
        passed = int((wall - reached) / MINUTE)
        if any(is_meant(reached + n * MINUTE) for n in range(1, passed + 1)):
            expected.append(instant)
        reached = max(reached, wall)
    assert found == expected


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_wildcard_times_fire_whenever_the_clock_shows_them(data: st.DataObject) -> None:
    minute, hour = data.draw(
        st.tuples(st.integers(1, 59).map("*/{}".format), clock(4))
        | st.tuples(clock(59), st.integers(1, 23).map("*/{}".format))
    )
    expression = f"{minute} {hour} * * *"
    timezone, start = data.draw(st.composite(near_a_change)())

    found = build_trigger(TriggerSpec("cron", expression, timezone)).fire_times(
        start, start + 900 * MINUTE, 1000
    )

    is_meant, zone = meant_by(expression), ZoneInfo(timezone)
    assert found == [instant for instant, wall in walk(start, zone, 900) if is_meant(wall)]
