"""Our fire times beside those of cronsim, which copies Debian's cron.

docs/time.md lists where the two differ on purpose; the strategies here leave that out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import TriggerSpec, build_trigger, validate

FAR = datetime(2100, 1, 1, tzinfo=UTC)
FIRST_MINUTE = datetime(2024, 1, 1, tzinfo=UTC)
MINUTES = 7 * 365 * 1440

# Zones that change by a whole hour and not at midnight: there cronsim is exact.
PLAIN_ZONES = ["Europe/Zurich", "America/New_York", "Europe/London", "Asia/Seoul", "UTC"]
ODD_ZONES = ["Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "America/Havana"]


def items(low: int, high: int) -> st.SearchStrategy[str]:
    value, step = st.integers(low, high), st.integers(1, 12)
    ordered = st.tuples(value, value).filter(lambda pair: pair[0] < pair[1])
    return st.one_of(
        value.map(str),
        ordered.map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.tuples(ordered, step).map(lambda parts: f"{parts[0][0]}-{parts[0][1]}/{parts[1]}"),
        st.tuples(value, step).map(lambda parts: f"{parts[0]}/{parts[1]}"),
    )


def restricted(low: int, high: int) -> st.SearchStrategy[str]:
    return st.lists(items(low, high), min_size=1, max_size=3).map(",".join)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    return st.just("*") | st.integers(1, high).map("*/{}".format) | restricted(low, high)


DAYS = field(1, 31) | st.sampled_from(["L", "LW"])
MONTHS = st.just("*") | field(1, 12) | st.sampled_from(["JAN", "feb-mar", "jun,DEC"])
WEEKDAYS = field(0, 7) | st.sampled_from(["MON-FRI", "sun", "5L", "7L", "0#1", "fri#5", "tue/2"])
INSTANTS = st.integers(0, MINUTES).map(lambda n: FIRST_MINUTE + timedelta(minutes=n))


def cronsim_times(expression: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """Return cronsim's instants; asked within a fold, it begins with some that are over."""
    found: list[datetime] = []
    for local in CronSim(expression, after.astimezone(ZoneInfo(timezone))):
        instant = local.astimezone(UTC)
        if instant > (found[-1] if found else after):
            found.append(instant)
        if len(found) == count:
            break
    return [instant for instant in found if instant <= FAR]


def our_times(expression: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    trigger = build_trigger(TriggerSpec("cron", expression, timezone))
    return trigger.fire_times(after, FAR, count)


@st.composite
def expressions(draw: st.DrawFn, *, fixed_time: bool = False) -> str:
    of_clock = restricted if fixed_time else field
    minute, hour = draw(of_clock(0, 59)), draw(of_clock(0, 23))
    return f"{minute} {hour} {draw(DAYS)} {draw(MONTHS)} {draw(WEEKDAYS)}"


def cronsim_fires(expression: str) -> bool:
    try:
        next(CronSim(expression, FIRST_MINUTE))
    except (CronSimError, StopIteration):
        return False
    return True


def is_refused(spec: TriggerSpec) -> bool:
    try:
        build_trigger(spec)
    except InvalidTrigger:
        return True
    return False


@given(expressions(), st.sampled_from(PLAIN_ZONES), INSTANTS)
@settings(max_examples=150, deadline=None)
def test_any_expression_fires_when_cronsim_says(
    expression: str, timezone: str, after: datetime
) -> None:
    assume(cronsim_fires(expression))

    found = our_times(expression, timezone, after, 6)

    assert found == cronsim_times(expression, timezone, after, 6)


@given(expressions(fixed_time=True), st.sampled_from(ODD_ZONES), INSTANTS)
@settings(max_examples=100, deadline=None)
def test_fixed_times_fire_when_cronsim_says_in_odd_zones_too(
    expression: str, timezone: str, after: datetime
) -> None:
    assume(cronsim_fires(expression))

    found = our_times(expression, timezone, after, 6)

    assert found == cronsim_times(expression, timezone, after, 6)


@given(expressions(), field(0, 59), INSTANTS)
@settings(max_examples=100, deadline=None)
def test_second_fields_fire_when_cronsim_says(
    expression: str, second: str, after: datetime
) -> None:
    assume(cronsim_fires(expression))
    with_second = f"{second} {expression}"

    found = our_times(with_second, "UTC", after, 6)

    assert found == cronsim_times(with_second, "UTC", after, 6)


@given(st.text(alphabet="0123456789*/-,L# monfri@", max_size=16))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_a_trigger_or_an_error_of_the_expression(text: str) -> None:
    spec = TriggerSpec("cron", text)

    if is_refused(spec):
        with pytest.raises(InvalidTrigger) as caught:
            validate(spec, FIRST_MINUTE)
        assert caught.value.errors.keys() == {"expression"}
    else:
        assert build_trigger(spec).next_after(FIRST_MINUTE) is not None


@given(expressions())
@settings(max_examples=150, deadline=None)
def test_what_cronsim_refuses_or_never_fires_is_refused(expression: str) -> None:
    assert is_refused(TriggerSpec("cron", expression)) is not cronsim_fires(expression)
