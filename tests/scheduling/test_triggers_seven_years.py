"""Every day from 2024 to 2030, in zones that change their clocks in all ways.

The oracle knows nothing of gaps and folds: it looks at the clock on the wall, minute by minute.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest

from scheduling.triggers import Trigger, TriggerSpec, build_trigger, preview
from tests.cron_cases import changes_of, days_of_changes

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DAYS = [date(2024, 1, 1) + DAY * n for n in range(7 * 365 + 2)]
START = datetime(2023, 12, 30, tzinfo=UTC)
ZONES = [
    "Europe/Zurich",
    "America/New_York",
    "Europe/London",
    "Asia/Seoul",
    "Australia/Lord_Howe",  # by half an hour
    "America/Santiago",  # at midnight
    "Africa/Cairo",  # at midnight
]
# Inside and at both ends of each gap and fold of these zones, and well away from them.
TIMES = ["00:00", "00:30", "01:00", "01:30", "01:45", "02:00", "02:15", "02:30", "03:00", "23:59"]


@lru_cache
def first_reached(day: date, at: time, timezone: str) -> datetime:
    """Return the first instant of the local day at which its clock shows `at` or later."""
    zone, wall = ZoneInfo(timezone), datetime.combine(day, at)
    around = [wall.replace(tzinfo=UTC) + DAY * n for n in (-2, 2)]
    before, after = (instant.astimezone(zone).utcoffset() for instant in around)
    assert before is not None
    if before == after:  # nobody touches the clocks in these four days
        return wall.replace(tzinfo=UTC) - before
    instant = datetime.combine(day, time(), tzinfo=UTC) - DAY
    while (shown := instant.astimezone(zone)).date() < day or (
        shown.date() == day and shown.replace(tzinfo=None) < wall
    ):
        instant += MINUTE
    return instant


def fire_times(trigger: Trigger, timezone: str) -> list[datetime]:
    """Return the fire times on the local days from 2024 to 2030."""
    zone = ZoneInfo(timezone)
    found = trigger.fire_times(START, datetime(2031, 1, 2, tzinfo=UTC), 10_000)
    return [at for at in found if DAYS[0] <= at.astimezone(zone).date() <= DAYS[-1]]


def daily(kind: str, at: str, timezone: str) -> Trigger:
    hour, minute = at.split(":")
    if kind == "cron":
        return build_trigger(TriggerSpec("cron", f"{minute} {hour} * * *", timezone))
    anchor = datetime(2023, 12, 1, int(hour), int(minute), tzinfo=ZoneInfo(timezone))
    return build_trigger(TriggerSpec("interval", "1d", timezone, anchor_at=anchor))


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize("kind", ["cron", "interval"])
def test_daily_job_fires_once_a_day_when_the_clock_first_reaches_its_time(
    kind: str, at: str, timezone: str
) -> None:
    fired = fire_times(daily(kind, at, timezone), timezone)

    zone = ZoneInfo(timezone)
    assert [instant.astimezone(zone).date() for instant in fired] == DAYS
    assert fired == [first_reached(day, time.fromisoformat(at), timezone) for day in DAYS]


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("expression", ["1m", "15m", "45m", "1h", "7h", "12h", "25h", "36h"])
def test_interval_below_a_day_is_elapsed_time_through_each_change(
    expression: str, timezone: str
) -> None:
    trigger = build_trigger(TriggerSpec("interval", expression, timezone, anchor_at=START))
    length = trigger.interval

    for change in changes_of(timezone):
        fired = trigger.fire_times(change.at - 2 * length, change.at + 2 * length, 10)
        assert (fired[0] - START) % length == timedelta()
        assert fired == [fired[0] + n * length for n in range(4)]


def mark_of(day: date, at: time, timezone: str) -> str:
    """Return how the preview should mark a daily job, by what Python says of the wall time."""
    wall = datetime.combine(day, at, tzinfo=ZoneInfo(timezone))
    if wall.astimezone(UTC).astimezone(wall.tzinfo).replace(tzinfo=None) != wall.replace(
        tzinfo=None
    ):
        return "gap"
    if wall.utcoffset() != wall.replace(fold=1).utcoffset():
        return "fold"
    return "offset_change" if day in days_of_changes(timezone) else ""


@pytest.mark.parametrize("timezone", ZONES[:5])  # the others change on the border of two days
@pytest.mark.parametrize("at", ["01:30", "02:00", "02:15", "03:00", "12:00"])
def test_preview_marks_the_days_on_which_the_clocks_change_and_no_other(
    at: str, timezone: str
) -> None:
    hour, minute = at.split(":")
    spec = TriggerSpec("cron", f"{minute} {hour} * * *", timezone)
    eve = datetime.combine(DAYS[0], time(), tzinfo=ZoneInfo(timezone))

    times = preview(spec, eve, len(DAYS))

    assert [(shown.local.date(), shown.mark) for shown in times] == [
        (day, mark_of(day, time.fromisoformat(at), timezone)) for day in DAYS
    ]
    assert all(bool(shown.note) == bool(shown.mark) for shown in times)
