"""What django-apscheduler counts wrong: see docs/peers.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.peers.system import django_apscheduler_fails
from tests.peers.triggers import ApschedulerTriggers, DaybookTriggers, Triggers

NEW_YORK = "America/New_York"
ZONE = ZoneInfo(NEW_YORK)
FIVE_MINUTES = timedelta(minutes=5)
A_DAY = 288  # times five minutes
JITTER = 30  # s


@pytest.fixture(params=[DaybookTriggers, ApschedulerTriggers], ids=lambda kind: kind.name)
def system(request: pytest.FixtureRequest) -> Triggers:
    triggers: Triggers = request.param()
    return triggers


@django_apscheduler_fails("fires twice on 2026-11-01")
def test_a_wall_time_that_exists_twice_fires_once(system: Triggers) -> None:
    trigger = system.cron("30 1 * * *", NEW_YORK)

    first, second = system.fire_times(trigger, datetime(2026, 11, 1, tzinfo=ZONE), 2)

    day, next_day = (at.astimezone(ZONE).date() for at in (first, second))
    assert day < next_day, f"It fires twice on {day}."


@django_apscheduler_fails("fires at 07:30")
def test_a_wall_time_that_does_not_exist_fires_at_the_end_of_the_gap(system: Triggers) -> None:
    trigger = system.cron("30 2 * * *", NEW_YORK)

    (at,) = system.fire_times(trigger, datetime(2026, 3, 8, tzinfo=ZONE), 1)

    at = at.astimezone(UTC)
    assert at == datetime(2026, 3, 8, 7, tzinfo=UTC), f"It fires at {at:%H:%M} UTC."


@django_apscheduler_fails("{16, 15}|{15, 16}")
def test_an_interval_of_days_keeps_its_wall_time(system: Triggers) -> None:
    start = datetime(2026, 10, 30, 16, tzinfo=ZONE)
    trigger = system.every(timedelta(days=1), start, timezone=NEW_YORK)

    found = system.fire_times(trigger, start, 4)

    hours = {at.astimezone(ZONE).hour for at in found}
    assert hours == {16}, f"It fires at {hours} o'clock."


@django_apscheduler_fails(r"drifted by \d\d min")
def test_jitter_does_not_add_up(system: Triggers) -> None:
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    trigger = system.every(FIVE_MINUTES, start, jitter=JITTER)

    last = system.fire_times(trigger, start, A_DAY)[-1]

    drift = last - (start + A_DAY * FIVE_MINUTES)
    minutes = drift.total_seconds() / 60
    assert drift <= timedelta(seconds=JITTER), f"It drifted by {minutes:.0f} minutes."


@django_apscheduler_fails("604801 instants")
def test_a_week_of_missed_seconds_is_not_listed(system: Triggers) -> None:
    first = datetime(2026, 3, 2, 12, tzinfo=UTC)
    trigger = system.every(timedelta(seconds=1), first)

    listed = system.due(trigger, first, first + timedelta(days=7))

    assert len(listed) == 1, f"{len(listed)} instants in memory, for one run"


@django_apscheduler_fails("fires on a Tuesday")
def test_day_1_of_a_crontab_is_monday(system: Triggers) -> None:
    trigger = system.cron("0 9 * * 1")

    (at,) = system.fire_times(trigger, datetime(2026, 3, 1, tzinfo=UTC), 1)

    assert at.isoweekday() == 1, f"It fires on a {at:%A}."
