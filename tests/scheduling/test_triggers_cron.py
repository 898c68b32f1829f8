"""Which wall times a cron expression means, where the clocks do not change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import CronTrigger, TriggerSpec, build_trigger

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def cron(expression: str, timezone: str = "UTC") -> CronTrigger:
    trigger = build_trigger(TriggerSpec("cron", expression, timezone))
    assert isinstance(trigger, CronTrigger)
    return trigger


def fire_days(expression: str, *, count: int, after: str = "2025-01-01") -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [f"{at:%Y-%m-%d}" for at in cron(expression).fire_times(start, FAR, count)]


def fire_minutes(expression: str, *, count: int, after: str = "2025-01-01T00:00:00") -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [f"{at:%d %H:%M:%S}" for at in cron(expression).fire_times(start, FAR, count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("0 9 * * 0", ["2025-01-05", "2025-01-12"], id="0-is-sunday"),
        pytest.param("0 9 * * 7", ["2025-01-05", "2025-01-12"], id="7-is-sunday"),
        pytest.param("0 9 * * sun", ["2025-01-05", "2025-01-12"], id="sun"),
        pytest.param("0 9 * * 1", ["2025-01-06", "2025-01-13"], id="1-is-monday"),
        pytest.param("0 9 * * MON", ["2025-01-06", "2025-01-13"], id="any-case"),
        pytest.param("0 9 * * 5-7", ["2025-01-03", "2025-01-04", "2025-01-05"], id="5-to-7"),
        pytest.param("0 9 * * fri-sun", ["2025-01-03", "2025-01-04", "2025-01-05"], id="to-sun"),
        pytest.param("0 9 * * sun-tue", ["2025-01-05", "2025-01-06", "2025-01-07"], id="from-sun"),
        pytest.param("0 9 * * */3", ["2025-01-01", "2025-01-04", "2025-01-05"], id="step"),
        pytest.param("0 9 31 * *", ["2025-01-31", "2025-03-31", "2025-05-31"], id="31st"),
        pytest.param("0 9 1 jan,Jul *", ["2025-01-01", "2025-07-01"], id="month-names"),
        pytest.param("0 9 29 2 *", ["2028-02-29", "2032-02-29"], id="leap-day"),
    ],
)
def test_days_are_those_of_cron(expression: str, expected: list[str]) -> None:
    assert fire_days(expression, count=len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("0 0 13 * 5", ["2025-01-03", "2025-01-10", "2025-01-13"], id="either"),
        pytest.param("0 0 */10 * 6", ["2025-01-11", "2025-02-01", "2025-03-01"], id="star-day"),
        pytest.param("0 0 1,2 * */2", ["2025-01-02", "2025-02-01", "2025-02-02"], id="star-week"),
        pytest.param("0 0 1-31 * 1", ["2025-01-02", "2025-01-03", "2025-01-04"], id="full-range"),
        pytest.param("day=13 day_of_week=fri", ["2025-06-13", "2026-02-13"], id="keywords-agree"),
    ],
)
def test_two_restricted_day_fields_unite_unless_one_starts_with_a_star(
    expression: str, expected: list[str]
) -> None:
    assert fire_days(expression, count=len(expected), after="2025-01-01T00:00") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("0 9 last * *", ["2025-01-31", "2025-02-28"], id="last"),
        pytest.param("0 9 L * *", ["2025-01-31", "2025-02-28"], id="L"),
        pytest.param("0 9 LW * *", ["2025-01-31", "2025-02-28", "2025-03-31"], id="LW"),
        pytest.param("0 9 LW 5,8 *", ["2025-05-30", "2025-08-29"], id="LW-before-a-weekend"),
        pytest.param("0 9 2nd fri * *", ["2025-01-10", "2025-02-14"], id="2nd-fri"),
        pytest.param("0 9 * * 5#2", ["2025-01-10", "2025-02-14"], id="5#2"),
        pytest.param("0 9 * * Fri#2", ["2025-01-10", "2025-02-14"], id="fri#2"),
        pytest.param("0 9 * * 2nd fri", ["2025-01-10", "2025-02-14"], id="2nd-fri-as-weekday"),
        pytest.param("0 9 last sun * *", ["2025-01-26", "2025-02-23"], id="last-sun"),
        pytest.param("0 9 * * 0L", ["2025-01-26", "2025-02-23"], id="0L"),
        pytest.param("0 9 * * 7L", ["2025-01-26", "2025-02-23"], id="7L"),
        pytest.param("0 9 1st mon, 3rd mon * *", ["2025-01-06", "2025-01-20"], id="two-nths"),
        pytest.param("0 9 15,last * *", ["2025-01-15", "2025-01-31"], id="number-and-last"),
        pytest.param("0 9 5th thu * *", ["2025-01-30", "2025-05-29"], id="5th-skips-months"),
        pytest.param("0 9 5th mon 2 *", ["2044-02-29", "2072-02-29"], id="5th-monday-of-february"),
    ],
)
def test_days_may_be_named_by_their_place_in_the_month(
    expression: str, expected: list[str]
) -> None:
    assert fire_days(expression, count=len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("*/20 * * * *", ["01 00:20:00", "01 00:40:00", "01 01:00:00"], id="step"),
        pytest.param("5/25 * * * *", ["01 00:05:00", "01 00:30:00", "01 00:55:00"], id="open-step"),
        pytest.param("10-20/5 3 * * *", ["01 03:10:00", "01 03:15:00", "01 03:20:00"], id="range"),
        pytest.param("7-7/5 * * * *", ["01 00:07:00", "01 01:07:00"], id="step-in-range-of-one"),
        pytest.param("*/40 * * * *", ["01 00:40:00", "01 01:00:00"], id="starts-anew-each-hour"),
        pytest.param("*/10 * * * * *", ["01 00:00:10", "01 00:00:20"], id="seconds"),
        pytest.param("30 59 23 * * *", ["01 23:59:30", "02 23:59:30"], id="second-field-first"),
        pytest.param("@hourly", ["01 01:00:00", "01 02:00:00"], id="hourly"),
        pytest.param("@daily", ["02 00:00:00", "03 00:00:00"], id="daily"),
        pytest.param("@midnight", ["02 00:00:00", "03 00:00:00"], id="midnight"),
        pytest.param("@weekly", ["05 00:00:00", "12 00:00:00"], id="weekly-on-sunday"),
        pytest.param("hour=17 minute=30", ["01 17:30:00", "02 17:30:00"], id="keywords"),
        pytest.param("day='last', hour=17", ["31 17:00:00", "28 17:00:00"], id="quoted-keyword"),
        pytest.param("day=2nd fri hour=9", ["10 09:00:00", "14 09:00:00"], id="blank-in-keyword"),
        pytest.param("second='*/30'", ["01 00:00:30", "01 00:01:00"], id="coarser-keywords-open"),
        pytest.param("day_of_week='mon-fri'", ["02 00:00:00", "03 00:00:00"], id="finer-are-0"),
    ],
)
def test_times_of_the_day(expression: str, expected: list[str]) -> None:
    assert fire_minutes(expression, count=len(expected)) == expected


@pytest.mark.parametrize(
    ("macro", "expected"),
    [("@monthly", "2025-02-01"), ("@yearly", "2026-01-01"), ("@annually", "2026-01-01")],
)
def test_macros_name_the_first_day(macro: str, expected: str) -> None:
    assert fire_days(macro, count=1) == [expected]


@pytest.mark.parametrize(
    ("expression", "messages"),
    [
        ("61 25 * * *", ["minute: 61 is out of range", "hour: 25 is out of range"]),
        ("* * * *", ["has 4 fields; write 5 (minute, hour,"]),
        ("", ["has 0 fields"]),
        ("* * * * * * *", ["has 7 fields"]),
        ("0 0 * * moon", ["day of week: 'moon' is unknown; use 0 to 7 or mon to sun."]),
        ("0 0 * foo *", ["month: 'foo' is unknown; use 1 to 12 or jan to dec."]),
        ("0 0 0 * *", ["day of month: 0 is out of range; use 1 to 31."]),
        ("0 0 * * 8", ["day of week: 8 is out of range"]),
        ("0 0 * * fri-mon", ["the range 'fri-mon' runs backwards"]),
        ("0 22-6 * * *", ["hour: the range '22-6' runs backwards; write two ranges"]),
        ("*/0 * * * *", ["minute: the step of '*/0' is 0"]),
        ("0 0 1,,2 * *", ["day of month: an empty item is not understood"]),
        ("0 0 ? * 1", ["day of month: '?' is not understood"]),
        ("0 0 * * 5#6", ["day of week: '5#6' is not understood"]),
        ("0 0 2nd foo * *", ["hour: '2nd' is unknown", "day of month: 'foo' is unknown"]),
        ("0 0 ٣ * *", ["day of month: '٣' is not understood"]),
        ("@reboot", ["'@reboot' is unknown; use one of @hourly, @daily"]),
        ("hour=5 minutes=3", ["minutes: no such keyword; use month, day"]),
        ("hour=5 hour=6", ["hour is given twice"]),
        ("hour=5 oops", ["'oops' is not of the form name=value"]),
        ("day_of_week=0-4", ["day_of_week: write names (mon to sun) here"]),
    ],
)
def test_an_error_says_what_is_wrong_and_where(expression: str, messages: list[str]) -> None:
    with pytest.raises(InvalidTrigger) as caught:
        build_trigger(TriggerSpec("cron", expression))

    assert list(caught.value.errors) == ["expression"]
    said = caught.value.errors["expression"]
    assert len(said) == len(messages)
    assert all(part in message for part, message in zip(messages, said, strict=True))


@pytest.mark.parametrize(
    "expression",
    ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 */31 2 2nd mon", "month=2 day=30 day_of_week=mon"],
)
def test_a_day_that_no_month_has_is_refused(expression: str) -> None:
    with pytest.raises(InvalidTrigger, match="never fires"):
        build_trigger(TriggerSpec("cron", expression))


def test_impossible_day_with_a_weekday_fires_on_the_weekday() -> None:
    assert fire_days("0 0 30 2 1", count=2) == ["2025-02-03", "2025-02-10"]
