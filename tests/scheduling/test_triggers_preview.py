"""The next fire times, with the ones that a change of the clocks touches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import TriggerSpec, preview

SPRING = datetime(2026, 3, 27, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)


def marks(expression: str, timezone: str, now: datetime, count: int) -> list[str]:
    times = preview(TriggerSpec("cron", expression, timezone), now, count)
    return [f"{time.local:%d %H:%M} {time.mark}".strip() for time in times]


@pytest.mark.parametrize(
    ("expression", "now", "expected"),
    [
        ("30 2 * * *", SPRING, ["28 02:30", "29 03:00 gap", "30 02:30"]),
        ("30 2 * * *", AUTUMN, ["25 02:30 fold", "26 02:30"]),
        ("0 9 * * *", SPRING, ["28 09:00", "29 09:00 offset_change", "30 09:00"]),
        ("0 9 * * *", AUTUMN, ["25 09:00 offset_change", "26 09:00"]),
        ("0 3 * * *", SPRING, ["28 03:00", "29 03:00 offset_change", "30 03:00"]),
        ("15 2,3 * * *", SPRING, ["28 02:15", "28 03:15", "29 03:00 gap"]),
        ("*/30 2 * * *", SPRING, ["28 02:00", "28 02:30", "30 02:00"]),
    ],
)
def test_marks_in_zurich(expression: str, now: datetime, expected: list[str]) -> None:
    assert marks(expression, "Europe/Zurich", now, len(expected)) == expected


def test_both_passes_of_a_fold_are_told_apart() -> None:
    spec = TriggerSpec("cron", "0 * * * *", "Europe/Zurich")

    first, second = preview(spec, datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 2)

    assert second.at - first.at == timedelta(hours=1)
    assert first.mark == second.mark == "fold"
    assert first.note == (
        "02:00 exists twice on 25 October, as the clocks go back from 03:00 to 02:00. "
        "This is the first (CEST)."
    )
    assert second.note.endswith("This is the second (CET).")


def test_gap_is_explained() -> None:
    spec = TriggerSpec("cron", "0 0 * * *", "Africa/Cairo")

    (time,) = preview(spec, datetime(2026, 4, 23, 12, tzinfo=UTC), 1)

    assert time.at == datetime(2026, 4, 23, 22, tzinfo=UTC)
    assert time.local.tzinfo == ZoneInfo("Africa/Cairo")
    assert time.note == (
        "00:00 does not exist on 24 April, as the clocks go forward. "
        "It fires when they have changed, at 01:00."
    )


@pytest.mark.parametrize(
    ("timezone", "day", "note"),
    [
        ("Europe/London", "2026-03-29", "The clocks go forward on this day, from 01:00 to 02:00."),
        ("America/New_York", "2026-11-01", "The clocks go back on this day, from 02:00 to 01:00."),
        ("Australia/Lord_Howe", "2026-04-05", "The clocks go back on this day, from 02:00 to"),
        ("Africa/Cairo", "2026-04-24", "The clocks go forward on this day, from 00:00 to 01:00."),
        ("Africa/Cairo", "2026-10-29", "The clocks go back on this day, from 00:00 to 23:00."),
        ("America/Havana", "2026-11-01", "The clocks go back on this day, from 01:00 to 00:00."),
    ],
)
def test_change_later_or_earlier_on_the_day_is_explained(
    timezone: str, day: str, note: str
) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(timezone)) - timedelta(days=1)

    times = preview(TriggerSpec("cron", "0 12 * * *", timezone), start, 3)

    assert [time.mark for time in times] == ["", "offset_change", ""]
    assert times[1].note.startswith(note)


def test_interval_of_days_and_date_are_marked_too() -> None:
    anchor = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    daily = TriggerSpec("interval", "1d", "Europe/Zurich", anchor_at=anchor)
    once = TriggerSpec("date", "2026-03-29T02:15", "Europe/Zurich")

    assert [time.mark for time in preview(daily, SPRING, 3)] == ["", "gap", ""]
    assert [time.mark for time in preview(once, SPRING, 3)] == ["gap"]


def test_elapsed_interval_that_meets_the_end_of_a_gap_is_not_moved() -> None:
    spec = TriggerSpec("interval", "1h", "Europe/Zurich")

    (time,) = preview(spec, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 1)

    assert (f"{time.local:%H:%M}", time.mark) == ("03:00", "offset_change")


def test_zone_without_changes_has_no_marks() -> None:
    assert {time.mark for time in preview(TriggerSpec("cron", "0 0 * * *"), SPRING, 400)} == {""}


def test_trigger_that_has_ended_has_no_preview() -> None:
    assert preview(TriggerSpec("date", "2020-01-01"), SPRING, 10) == []


def test_spec_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidTrigger):
        preview(TriggerSpec("cron", "nonsense"), SPRING, 10)
