"""One-off triggers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import Trigger, TriggerSpec, build_trigger

BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def once(expression: str, timezone: str = "Europe/Zurich") -> Trigger:
    return build_trigger(TriggerSpec("date", expression, timezone))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("2025-10-02T14:30", "2025-10-02T12:30", id="naive-is-in-the-zone"),
        pytest.param("2025-10-02 14:30:05", "2025-10-02T12:30:05", id="blank-instead-of-t"),
        pytest.param("2025-10-02", "2025-10-01T22:00", id="a-day-is-its-midnight"),
        pytest.param("2025-10-02T14:30Z", "2025-10-02T14:30", id="utc"),
        pytest.param("2025-10-02T14:30+09:00", "2025-10-02T05:30", id="offset"),
        pytest.param("2026-03-29T02:30", "2026-03-29T01:00", id="in-a-gap-at-its-end"),
        pytest.param("2026-10-25T02:30", "2026-10-25T00:30", id="in-a-fold-the-first-time"),
        pytest.param("2026-10-25T02:30+01:00", "2026-10-25T01:30", id="offset-picks-the-second"),
    ],
)
def test_fires_once_at_its_instant(expression: str, expected: str) -> None:
    found = once(expression).fire_times(BEFORE, FAR, 5)

    assert found == [datetime.fromisoformat(expected).replace(tzinfo=UTC)]


def test_is_over_once_it_has_fired() -> None:
    trigger = once("2025-10-02T14:30Z")
    fired = datetime(2025, 10, 2, 14, 30, tzinfo=UTC)

    assert trigger.next_after(fired) is None
    assert trigger.get_next_fire_time(fired, fired) is None
    assert trigger.get_next_fire_time(None, FAR) is None


@pytest.mark.parametrize("expression", ["tomorrow", "2025-02-30", "2025-10-02T25:00", "", "1"])
def test_text_that_is_no_date_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(InvalidTrigger, match="write it as 2025-10-02T14:30"):
        once(expression)


def test_year_that_no_zone_can_hold_is_refused() -> None:
    with pytest.raises(InvalidTrigger, match="use 1970 to 9998"):
        once("0001-01-01", "Asia/Seoul")
