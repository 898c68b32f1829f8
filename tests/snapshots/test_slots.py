from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from snapshots.slots import slot_of

ZURICH = ZoneInfo("Europe/Zurich")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "slot_at"),
    [
        pytest.param("2026-03-02T13:30:00", "2026-03-02T13:30:00", id="on-the-quarter"),
        pytest.param("2026-03-02T13:44:59.999999", "2026-03-02T13:30:00", id="before-the-next"),
        pytest.param("2026-10-25T00:31:00", "2026-10-25T00:30:00", id="first-02:30-of-two"),
        pytest.param("2026-10-25T01:31:00", "2026-10-25T01:30:00", id="second-02:30-of-two"),
    ],
)
def test_intraday_slot_is_the_quarter_of_the_fire_time(instant, slot_at):
    slot = slot_of(utc(instant), is_eod=False, zone=ZURICH)

    assert (slot.kind, slot.slot_at) == ("intraday", utc(slot_at))


def test_quarters_of_a_zone_with_an_odd_offset_are_its_own():
    nepal = ZoneInfo("Asia/Kathmandu")  # UTC+05:45

    slot = slot_of(utc("2026-03-02T13:37:00"), is_eod=False, zone=nepal)

    assert slot.slot_at.astimezone(nepal).minute == 15


@pytest.mark.parametrize(
    ("instant", "slot_at", "day"),
    [
        pytest.param("2026-03-02T22:59", "2026-03-02T22:59", "2026-03-02", id="winter"),
        pytest.param("2026-03-29T21:59", "2026-03-29T21:59", "2026-03-29", id="day-of-23-hours"),
        pytest.param("2026-10-25T22:59", "2026-10-25T22:59", "2026-10-25", id="day-of-25-hours"),
        pytest.param("2026-03-02T13:00", "2026-03-02T22:59", "2026-03-02", id="by-hand-at-noon"),
        pytest.param("2026-03-02T23:03", "2026-03-03T22:59", "2026-03-03", id="after-midnight"),
    ],
)
def test_end_of_day_slot_is_the_last_minute_of_the_local_day(instant, slot_at, day):
    slot = slot_of(utc(instant), is_eod=True, zone=ZURICH)

    assert (slot.kind, slot.slot_at) == ("eod", utc(slot_at))
    assert slot.business_date == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Africa/Cairo", date(2026, 4, 23), id="clock-skips-midnight"),
        pytest.param("America/Havana", date(2026, 10, 31), id="midnight-comes-twice"),
        pytest.param("America/Scoresbysund", date(2026, 3, 28), id="clock-skips-23:59"),
        pytest.param("Pacific/Auckland", date(2026, 4, 5), id="far-east"),
        pytest.param("Pacific/Honolulu", date(2026, 3, 2), id="far-west"),
    ],
)
def test_end_of_day_is_one_minute_before_the_next_day(zone, day):
    zone = ZoneInfo(zone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)

    slot = slot_of(noon, is_eod=True, zone=zone)

    assert slot.slot_at.astimezone(zone).date() == day
    assert (slot.slot_at + timedelta(minutes=1)).astimezone(zone).date() == day + timedelta(days=1)


def test_business_date_is_that_of_the_accounts_zone():
    late = utc("2026-03-02T22:59:00")
    seoul = ZoneInfo("Asia/Seoul")

    assert slot_of(late, is_eod=False, zone=ZURICH).business_date == date(2026, 3, 2)
    assert slot_of(late, is_eod=False, zone=seoul).business_date == date(2026, 3, 3)


def test_day_has_68_quarters_in_service_also_when_the_clock_is_changed():
    for day in (date(2026, 3, 2), date(2026, 3, 29), date(2026, 10, 25)):
        first = datetime(day.year, day.month, day.day, 7, tzinfo=ZURICH).astimezone(UTC)
        last = datetime(day.year, day.month, day.day, 23, 45, tzinfo=ZURICH).astimezone(UTC)
        minutes = range(int((last - first).total_seconds() // 60) + 1)

        slots = {
            slot_of(first + timedelta(minutes=minute), is_eod=False, zone=ZURICH).slot_at
            for minute in minutes
        }

        assert len(slots) == 68
