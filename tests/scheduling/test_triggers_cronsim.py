"""Our fire times beside those of cronsim, which copies Debian's cron: ten thousand questions.

docs/time.md lists where the two differ on purpose. `difference_of` is that list as code, so what
is left out is left out by a rule; and each row of it is shown to differ.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import count, islice, takewhile
from random import Random

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import TriggerSpec, build_trigger, validate
from tests.cron_cases import FAR, FIRST, CronCase, changes_of, days_of_changes, random_case

COUNT = 5  # fire times that are compared
HOUR = timedelta(hours=1)
CASES = st.randoms(use_true_random=False).map(random_case)

STEP_FROM_ONE = re.compile(r"(?<!\d)(\d+)-\1/")  # 7-7/5
TO_SUNDAY = re.compile(r"[a-z]{3}-sun", re.IGNORECASE)


def our_times(case: CronCase) -> list[datetime]:
    """Return the next fire times, none if the expression is refused."""
    try:
        trigger = build_trigger(TriggerSpec("cron", case.expression, case.timezone))
    except InvalidTrigger:
        return []
    return trigger.fire_times(case.after, FAR, COUNT)


def cronsim_times(case: CronCase) -> list[datetime]:
    """Return cronsim's next instants, none if it refuses the expression or finds no time."""
    found: list[datetime] = []
    try:
        for local in islice(CronSim(case.expression, case.after.astimezone(case.zone)), COUNT):
            found.append(local.astimezone(UTC))
    except CronSimError:
        return []
    return list(takewhile(lambda instant: instant <= FAR, found))


def is_refused(spec: TriggerSpec) -> bool:
    try:
        build_trigger(spec)
    except InvalidTrigger:
        return True
    return False


def cronsim_fires(expression: str) -> bool:
    try:
        next(CronSim(expression, FIRST))
    except (CronSimError, StopIteration):
        return False
    return True


def difference_of(case: CronCase, instants: list[datetime]) -> str:
    """Return why the two may name other instants than each other, empty if they may not.

    instants  what one of them names
    """
    if STEP_FROM_ONE.search(case.expression):
        return "step from a range of one"
    if TO_SUNDAY.search(case.expression):
        return "range to sun"
    is_fixed = not any(field.startswith("*") for field in case.of_clock)
    if is_fixed and len(case.of_clock) == 2:
        return "second pass" if case.after.astimezone(case.zone).fold else ""
    if any(change.before.minute for change in changes_of(case.timezone)):
        return "not on the hour"
    changes = days_of_changes(case.timezone)
    days = {instant.astimezone(case.zone).date() for instant in instants}
    for change in [changes[day] for day in days if day in changes]:
        if is_fixed:
            return "six fixed fields"
        if change.step % HOUR:
            return "wildcard, half an hour"
        skips_midnight = change.step > timedelta() and change.before.time() == time()
        if skips_midnight and case.of_day != ["*", "*"]:
            return "wildcard, no midnight"
    return ""


def answers_agree(case: CronCase) -> bool:
    """Tell whether both name the same instants; False if the two differ here on purpose."""
    ours = our_times(case)
    if difference_of(case, ours):
        return False  # before cronsim is asked: it may never answer
    theirs = cronsim_times(case)
    if difference_of(case, theirs):
        return False
    assert ours == theirs, case
    return True


def test_ten_thousand_questions_get_the_answers_of_cronsim() -> None:
    # Thrown by a seed: hypothesis takes three times as long for as many.
    cases = (random_case(Random(seed)) for seed in count())  # noqa: S311

    agreed = islice(filter(answers_agree, cases), 10_000)

    assert sum(1 for _ in agreed) == 10_000


@given(CASES)
@settings(max_examples=300, deadline=None)
def test_the_smallest_question_that_gets_another_answer_is_shown(case: CronCase) -> None:
    assume(answers_agree(case))


# (row of the table in docs/time.md, the question, our first answers on the wall)
DIFFERENCES = [
    ("second pass", "45 2 * * *", "Europe/Zurich", "2026-10-25T01:10", ["26 02:45"]),
    ("six fixed fields", "0 30 2 * * *", "Europe/Zurich", "2026-03-28T12:00", ["29 03:00"]),
    ("six fixed fields", "0 30 2 * * *", "Europe/Zurich", "2026-10-24T12:00",
     ["25 02:30", "26 02:30"]),
    ("step from a range of one", "7-7/5 * * * *", "UTC", "2026-01-01", ["01 00:07", "01 01:07"]),
    ("range to sun", "0 9 * * fri-sun", "UTC", "2026-01-01", ["02 09:00", "03 09:00"]),
    ("wildcard, no midnight", "*/30 0 * * sun", "America/Santiago", "2028-09-02T22:00",
     ["10 00:00", "10 00:30"]),
    ("wildcard, no midnight", "*/30 1 * * sun", "America/Santiago", "2028-09-02T22:00",
     ["03 01:00", "03 01:30"]),
    ("wildcard, half an hour", "0 */2 * * *", "Australia/Lord_Howe", "2027-04-03T12:50",
     ["04 00:00", "04 02:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expression", "timezone", "after", "walls"), DIFFERENCES)
def test_each_row_of_the_table_is_a_difference(
    row: str, expression: str, timezone: str, after: str, walls: list[str]
) -> None:
    case = CronCase(expression, timezone, datetime.fromisoformat(after).replace(tzinfo=UTC))

    ours, theirs = our_times(case), cronsim_times(case)

    assert row in (difference_of(case, ours), difference_of(case, theirs))
    assert [f"{at.astimezone(case.zone):%d %H:%M}" for at in ours][: len(walls)] == walls
    assert ours != theirs


def test_what_cronsim_never_answers_is_answered() -> None:
    # It loops for ever where the clocks go back at a quarter to.
    after = datetime(2028, 4, 1, 0, 4, tzinfo=UTC)
    case = CronCase("*/53 41-48/4 3-6 * * *", "Pacific/Chatham", after)

    assert difference_of(case, our_times(case)) == "not on the hour"
    assert our_times(case)[0].astimezone(case.zone) == datetime(2028, 4, 2, 3, 41, tzinfo=case.zone)


def traits_of(case: CronCase) -> set[str]:
    day, _, weekday = case.expression.split()[-3:]
    ours = our_times(case)
    days = {instant.astimezone(case.zone).date() for instant in ours}
    has = {
        "left out": bool(difference_of(case, ours)),
        "refused": not ours,
        "seconds": len(case.of_clock) == 3,
        "fixed time": not any(field.startswith("*") for field in case.of_clock),
        "either day field": not any(field.startswith("*") for field in case.of_day),
        "both day fields": day.startswith("*/") or weekday.startswith("*/"),
        "last day": day in ("L", "LW"),
        "0 for Sunday": weekday.startswith("0"),
        "7 for Sunday": weekday.startswith("7"),
        "nth weekday": "#" in weekday,
        "last weekday": "L" in weekday,
        "day of a change": bool(days & days_of_changes(case.timezone).keys()),
    }
    return {trait for trait, is_there in has.items() if is_there}


def test_the_questions_are_of_all_kinds_and_few_are_left_out() -> None:
    cases = [random_case(Random(seed)) for seed in range(2000)]  # noqa: S311

    counts = Counter(trait for case in cases for trait in traits_of(case))

    assert counts.pop("left out") < 2000 * 0.04
    assert len(counts) == 11
    assert min(counts.values()) >= 20, counts


@given(CASES)
@settings(max_examples=100, deadline=None)
def test_what_cronsim_refuses_or_never_fires_is_refused(case: CronCase) -> None:
    assume(not TO_SUNDAY.search(case.expression) and not STEP_FROM_ONE.search(case.expression))
    spec = TriggerSpec("cron", case.expression)

    assert is_refused(spec) is not cronsim_fires(case.expression)


@given(st.text(alphabet="0123456789*/-,L# monfri@", max_size=16))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_a_trigger_or_an_error_of_the_expression(text: str) -> None:
    spec = TriggerSpec("cron", text)

    if is_refused(spec):
        with pytest.raises(InvalidTrigger) as caught:
            validate(spec, FIRST)
        assert caught.value.errors.keys() == {"expression"}
    else:
        assert build_trigger(spec).next_after(FIRST) is not None
