"""What is refused before it is saved, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import TriggerSpec, build_trigger, validate

NOW = datetime(2025, 10, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD = TriggerSpec("cron", "0 9 * * *", "Europe/Zurich")
NAIVE = datetime(2025, 10, 3)  # noqa: DTZ001


def errors_of(spec: TriggerSpec) -> dict[str, list[str]]:
    with pytest.raises(InvalidTrigger) as caught:
        validate(spec, NOW)
    return caught.value.errors


@pytest.mark.parametrize(
    "spec",
    [
        GOOD,
        replace(GOOD, start_at=NOW + DAY, end_at=NOW + 2 * DAY, jitter_seconds=60),
        replace(GOOD, start_at=NOW - DAY),
        TriggerSpec("interval", "1h30m", anchor_at=NOW),
        TriggerSpec("date", "2025-10-02T14:01", "Europe/Zurich"),
    ],
    ids=["cron", "bounds", "started", "interval", "date-in-a-minute"],
)
def test_good_spec_passes(spec: TriggerSpec) -> None:
    validate(spec, NOW)

    assert build_trigger(spec).next_after(NOW) is not None


@pytest.mark.parametrize(
    ("spec", "field", "message"),
    [
        (replace(GOOD, kind="corn"), "kind", "Did you mean cron?"),
        (replace(GOOD, kind="session"), "kind", "Use one of cron, interval, date."),
        (replace(GOOD, expression="0 25 * * *"), "expression", "hour: 25 is out of range"),
        (replace(GOOD, start_at=NAIVE), "start_at", "start_at needs a UTC offset, such as 2025"),
        (replace(GOOD, end_at=NAIVE), "end_at", "end_at needs a UTC offset"),
        (replace(GOOD, anchor_at=NAIVE), "anchor_at", "anchor_at needs a UTC offset"),
        (replace(GOOD, end_at=NOW - DAY), "end_at", "end_at is in the past: nothing would ever"),
        (replace(GOOD, end_at=NOW), "end_at", "end_at is in the past"),
        (
            replace(GOOD, start_at=NOW + 2 * DAY, end_at=NOW + DAY),
            "end_at",
            "end_at is before start_at.",
        ),
        (
            replace(GOOD, end_at=NOW + timedelta(hours=1)),
            "end_at",
            "No fire time falls before end_at",
        ),
        (replace(GOOD, end_at=datetime.max.replace(tzinfo=UTC)), "end_at", "use 1970 to 9998"),
        (replace(GOOD, jitter_seconds=-1), "jitter_seconds", "is negative; use 0"),
        (replace(GOOD, jitter_seconds=86_401), "jitter_seconds", "use at most 86400"),
        (TriggerSpec("date", "2025-10-02T11:59Z"), "expression", "is in the past: nothing would"),
        (TriggerSpec("date", "2026-01-01", end_at=NOW + DAY), "expression", "is after end_at"),
        (
            TriggerSpec("date", "2025-10-03", start_at=NOW + 9 * DAY),
            "expression",
            "is before start_at",
        ),
        (replace(GOOD, expression="* 2 * 3 7L"), "expression", "never fires in Europe/Zurich"),
    ],
)
def test_bad_field_is_named(spec: TriggerSpec, field: str, message: str) -> None:
    errors = errors_of(spec)

    assert list(errors) == [field]
    assert message in errors[field][0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Europe/Zurick", "Did you mean Europe/Zurich?"),
        ("europe/zurich", "Did you mean Europe/Zurich?"),
        ("Zurich", "Did you mean Europe/Zurich?"),
        ("Zürich", "Did you mean Europe/Zurich?"),
        ("America/New York", "Did you mean America/New_York?"),
        ("right/Europe/Zurich", "Did you mean Europe/Zurich?"),
        ("CEST", "Use an IANA name such as Europe/Zurich or UTC."),
        ("localtime", "Unknown time zone 'localtime'."),
        ("../../etc/passwd", "Unknown time zone"),
        ("", "A time zone is needed"),
    ],
)
def test_unknown_zone_is_answered_with_the_closest_one(name: str, message: str) -> None:
    errors = errors_of(replace(GOOD, timezone=name))

    assert list(errors) == ["timezone"]
    assert message in errors["timezone"][0]


def test_all_errors_are_told_at_once() -> None:
    spec = TriggerSpec("cron", "61 25 * * *", "Mars", NAIVE, NOW - DAY, jitter_seconds=-5)

    errors = errors_of(spec)

    assert errors.keys() == {"expression", "timezone", "start_at", "end_at", "jitter_seconds"}
    assert len(errors["expression"]) == 2


def test_trigger_that_has_ended_can_still_be_built() -> None:
    trigger = build_trigger(replace(GOOD, end_at=NOW - DAY))

    assert trigger.next_after(NOW) is None
    assert trigger.last_until(NOW - 3 * DAY, NOW) == datetime(2025, 10, 1, 7, tzinfo=UTC)


def test_bad_spec_is_refused_by_build_trigger_too() -> None:
    with pytest.raises(InvalidTrigger) as caught:
        build_trigger(TriggerSpec("interval", "5x", "Mars"))

    assert caught.value.errors.keys() == {"expression", "timezone"}
