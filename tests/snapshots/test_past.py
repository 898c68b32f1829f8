from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from snapshots.intake.past import Days, NoSuchDays, days_over, ends_of
from snapshots.sources.history import DailyValue

ZURICH = ZoneInfo("Europe/Zurich")
NOW = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)
ALL = (date(2020, 1, 1), date(2026, 12, 31))


def value(at: str, total: int = 1) -> DailyValue:
    return DailyValue(at=datetime.fromisoformat(at), total=Decimal(total), flow=None)


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        pytest.param("2026-02-02T00:00Z", "Europe/Zurich", date(2026, 2, 1), id="utc-in-winter"),
        pytest.param("2026-07-02T00:00Z", "Europe/Zurich", date(2026, 7, 1), id="utc-in-summer"),
        pytest.param("2026-02-02T00:00Z", "America/New_York", date(2026, 2, 1), id="evening"),
        pytest.param("2026-02-02T00:00Z", "Pacific/Auckland", date(2026, 2, 2), id="noon"),
        pytest.param("2026-02-01T23:00Z", "Europe/Zurich", date(2026, 2, 1), id="own-midnight"),
        pytest.param("2026-03-29T22:00Z", "Europe/Zurich", date(2026, 3, 29), id="23-hours"),
        pytest.param("2026-10-25T23:00Z", "Europe/Zurich", date(2026, 10, 25), id="25-hours"),
        pytest.param("2026-02-01T02:30Z", "Europe/Zurich", date(2026, 2, 1), id="before-its-end"),
    ],
)
def test_a_value_is_of_its_day_or_of_the_one_that_just_ended(at, zone, day):
    days = Days(first=ALL[0], last=ALL[1], zone=ZoneInfo(zone))

    assert list(ends_of([value(at)], days)) == [day]


def test_of_several_values_the_nearest_to_the_end_counts():
    days = Days(first=ALL[0], last=ALL[1], zone=ZURICH)
    times = ("2026-02-01T08:00Z", "2026-02-01T22:50Z", "2026-02-02T00:30Z")

    found = ends_of([value(at, number) for number, at in enumerate(times)], days)

    assert [told.total for _, told in found.values()] == [1]


def test_days_end_yesterday_and_are_a_year_unless_it_is_said():
    days = days_over(None, date(2026, 12, 31), zone=ZURICH, now=NOW)

    assert (days.first, days.last, days.count) == (date(2025, 3, 31), date(2026, 3, 30), 365)
    assert days.since == datetime(2025, 3, 30, 22, 0, tzinfo=UTC)
    assert days.until - datetime(2026, 3, 30, 22, 0, tzinfo=UTC) >= timedelta(hours=2)


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(2026, 3, 31), None, "No day from 2026-03-31 to 2026-03-30 is over"),
        (date(2026, 3, 2), date(2026, 3, 1), "No day from 2026-03-02"),
        (date(1970, 1, 1), None, "too long ago"),
    ],
)
def test_days_that_cannot_be_asked_for_are_named(first, last, message):
    with pytest.raises(NoSuchDays, match=message):
        days_over(first, last, zone=ZURICH, now=NOW)
