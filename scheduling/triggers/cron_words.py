"""Say in plain words what a cron expression means.

The time of the day and the months are cron-descriptor's words. It gets them from the values
that were read, not from the text: it would call `*/40` "every 40 minutes". The days are told
here, as cron-descriptor knows neither `last`, nor lists of `5#2`, nor when cron takes either
day field and when both.
"""

from __future__ import annotations

from cron_descriptor import DescriptionTypeEnum, ExpressionDescriptor, Options

from scheduling.triggers.crontab import Crontab
from scheduling.triggers.days import LAST, DayPattern, Days

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
STEPS = {2: "2nd", 3: "3rd"}

ALL_DAYS = frozenset(range(1, 32))
ALL_WEEKDAYS = frozenset(range(7))


def describe_crontab(crontab: Crontab) -> str:
    """Return the wall times as "At 09:00, Monday through Friday, only in January"."""
    return f"{_time_words(crontab)}{_day_words(crontab.days)}{_month_words(crontab.days)}"


def _time_words(crontab: Crontab) -> str:
    second = _compact(crontab.seconds, size=60, fewest=2)
    minute = _compact(crontab.minutes, size=60, fewest=2)
    hour = _compact(crontab.hours, size=24, fewest=4)
    return str(_descriptor(f"{second} {minute} {hour} * * *").get_description())


def _month_words(days: Days) -> str:
    months = _compact(tuple(sorted(days.months)), size=12, fewest=13, low=1)
    return str(_descriptor(f"0 0 0 * {months} *").get_description(DescriptionTypeEnum.MONTH))


def _descriptor(expression: str) -> ExpressionDescriptor:
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    return ExpressionDescriptor(expression, options)


def _compact(values: tuple[int, ...], *, size: int, fewest: int, low: int = 0) -> str:
    """Write values as the shortest item that cron-descriptor words rightly.

    fewest  how many values in equal steps round the whole clock are worth "every n"
    """
    if len(values) == size:
        return "*"
    if len(values) == 1:
        return str(values[0])
    first, last, step = values[0], values[-1], values[1] - values[0]
    if values == tuple(range(first, last + 1, step)):
        goes_round = size % step == 0 and len(values) == size // step
        if goes_round and len(values) >= fewest:
            return f"*/{step}" if first == low else f"{first}/{step}"
        if step == 1 and len(values) > 2:
            return f"{first}-{last}"
        if len(values) > 6:
            return f"{first}-{last}/{step}"
    return ",".join(map(str, values))


def _day_words(days: Days) -> str:
    in_month = "" if days.of_month.numbers >= ALL_DAYS else _pattern_words(days.of_month)
    in_week = "" if days.of_week.weekdays >= ALL_WEEKDAYS else _pattern_words(days.of_week)
    if days.both:
        if in_month and in_week:
            return f", {in_month}, but only if that is {in_week.removeprefix('on ')}"
        only = "only " if in_week and not days.of_week.nth and "through" not in in_week else ""
        return "".join(f", {words}" for words in (in_month, only + in_week) if words)
    # Either field is enough, so one that takes every day makes the other idle.
    return f", {in_month} or {in_week}" if in_month and in_week else ""


def _pattern_words(pattern: DayPattern) -> str:
    words = []
    if pattern.weekdays:
        words.append(_weekday_words(sorted(pattern.weekdays)))
    if pattern.numbers:
        words.append(_number_words(sorted(pattern.numbers)))
    for weekday, nth in sorted(pattern.nth, key=lambda item: (item[1] == LAST, item[1], item[0])):
        words.append(f"on the {ORDINALS[nth]} {WEEKDAYS[weekday]} of the month")
    if pattern.last_workday:
        words.append("on the last workday of the month")
    if pattern.last:
        words.append("on the last day of the month")
    return _listed(words)


def _weekday_words(weekdays: list[int]) -> str:
    first, last = weekdays[0], weekdays[-1]
    if len(weekdays) > 2 and last - first == len(weekdays) - 1:
        return f"{WEEKDAYS[first]} through {WEEKDAYS[last]}"
    return f"on {_listed([WEEKDAYS[weekday] for weekday in weekdays])}"


def _number_words(numbers: list[int]) -> str:
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"between day {first} and {last} of the month"
    step = numbers[1] - first if len(numbers) > 4 else 0
    if step and numbers == list(range(first, last + 1, step)):
        return f"every {STEPS.get(step, f'{step}th')} day of the month from day {first} to {last}"
    return f"on day {_listed([str(number) for number in numbers])} of the month"


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
