"""Read a whole cron expression, in cron's own form or in APScheduler's keywords."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.days import Days
from scheduling.triggers.fields import (
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY_NAMES,
    BadField,
    read_day,
    read_weekday,
)

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Most significant first, as APScheduler orders them; with what a finer field falls back to.
KEYWORDS = {"month": "1", "day": "1", "day_of_week": "*", "hour": "0", "minute": "0", "second": "0"}

# The blank in `2nd fri` does not end a field.
ORDINAL_BLANK = re.compile(
    rf"(?<![0-9a-z])(1st|2nd|3rd|4th|5th|last)\s+(?=(?:{'|'.join(WEEKDAY_NAMES)})(?![0-9a-z]))",
    re.IGNORECASE,
)
KEYWORD = re.compile(r"""\s*,?\s*(\w+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s'"]+))""")


@dataclass(frozen=True, slots=True)
class FieldTexts:
    """The text of each field, in the order of the six-field form."""

    second: str
    minute: str
    hour: str
    day: str
    month: str
    weekday: str
    is_keyword_form: bool = False

    @property
    def days_must_agree(self) -> bool:
        """Tell if a day must match both day fields, instead of one of them."""
        return self.is_keyword_form or self.day.startswith("*") or self.weekday.startswith("*")


@dataclass(frozen=True, slots=True)
class Crontab:
    """The wall times that a cron expression means. Its numbers are sorted."""

    texts: FieldTexts
    days: Days
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    @property
    def once_per_wall_time(self) -> bool:
        """Tell if it names times of the day. With a `*` in them it follows elapsed time."""
        texts = (self.texts.hour, self.texts.minute, self.texts.second)
        return not any(text.startswith("*") for text in texts)

    def at_or_after(self, wall: datetime) -> datetime | None:
        """Return the first wall time from this one on, None if there is none."""
        if wall.microsecond:
            wall = wall.replace(microsecond=0) + timedelta(seconds=1)
        if self.days.has(wall.date()):
            found = self._time_at_or_after(wall.hour, wall.minute, wall.second)
            if found is not None:
                return datetime.combine(wall, found)
        day = self.days.at_or_after(wall.year, wall.month, wall.day + 1)
        if day is None:
            return None
        return datetime.combine(day, time(self.hours[0], self.minutes[0], self.seconds[0]))

    def _time_at_or_after(self, hour: int, minute: int, second: int) -> time | None:
        if hour in self.hours:
            if minute in self.minutes:
                later = _first_from(second, self.seconds)
                if later is not None:
                    return time(hour, minute, later)
            later = _first_from(minute + 1, self.minutes)
            if later is not None:
                return time(hour, later, self.seconds[0])
        later = _first_from(hour + 1, self.hours)
        return None if later is None else time(later, self.minutes[0], self.seconds[0])


@lru_cache(maxsize=4096)
def read_crontab(expression: str) -> Crontab:
    """Return what the expression means. Raise InvalidTrigger with all that is wrong in it."""
    text = expression.strip()
    texts = _read_keywords(text) if "=" in text else _split_fields(_expand_macro(text))
    crontab = _read_fields(texts)
    if crontab.days.at_or_after(2000, 1, 1) is None:
        raise _invalid(f"'{expression}' never fires: no month has such a day.")
    return crontab


def _read_fields(texts: FieldTexts) -> Crontab:
    _refuse_bad_fields(texts)
    return Crontab(
        texts=texts,
        days=_days(texts.day, texts.month, texts.weekday, both=texts.days_must_agree),
        hours=tuple(sorted(HOUR.values(texts.hour))),
        minutes=tuple(sorted(MINUTE.values(texts.minute))),
        seconds=tuple(sorted(SECOND.values(texts.second))),
    )


@lru_cache(maxsize=1024)
def _days(day: str, month: str, weekday: str, *, both: bool) -> Days:
    # Few jobs have days of their own, so most share what Days remembers of the calendar.
    return Days(
        months=MONTH.values(month),
        of_month=read_day(day),
        of_week=read_weekday(weekday),
        both=both,
    )


def _refuse_bad_fields(texts: FieldTexts) -> None:
    readers: tuple[tuple[Callable[[str], object], str], ...] = (
        (SECOND.values, texts.second),
        (MINUTE.values, texts.minute),
        (HOUR.values, texts.hour),
        (read_day, texts.day),
        (MONTH.values, texts.month),
        (read_weekday, texts.weekday),
    )
    messages = []
    for read, text in readers:
        try:
            read(text)
        except BadField as exc:
            messages.append(str(exc))
    if messages:
        raise _invalid(*messages)


def _expand_macro(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return MACROS[text.lower()]
    except KeyError:
        raise _invalid(f"'{text}' is unknown; use one of {', '.join(MACROS)}.") from None


def _split_fields(text: str) -> FieldTexts:
    fields = _join_blanks(text).split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise _invalid(
            f"'{text}' has {len(fields)} fields; write 5 (minute, hour, day of month, month, "
            "day of week), or 6 with the second before them."
        )
    second, minute, hour, day, month, weekday = fields
    return FieldTexts(second, minute, hour, day, month, weekday)


def _read_keywords(text: str) -> FieldTexts:
    given = _keywords_in(_join_blanks(text))
    if unknown := given.keys() - KEYWORDS.keys():
        raise _invalid(f"{', '.join(sorted(unknown))}: no such keyword; use {', '.join(KEYWORDS)}.")
    weekday = given.get("day_of_week", "*")
    if weekday != "*" and re.search(r"\d(?!st|nd|rd|th)|\*", weekday.partition("/")[0]):
        raise _invalid(
            "day_of_week: write names (mon to sun) here; cron counts days from Sunday, "
            "APScheduler from Monday."
        )
    finest = max(list(KEYWORDS).index(name) for name in given)
    for position, (name, minimum) in enumerate(KEYWORDS.items()):
        given.setdefault(name, minimum if position > finest else "*")
    return FieldTexts(
        second=given["second"],
        minute=given["minute"],
        hour=given["hour"],
        day=given["day"],
        month=given["month"],
        weekday=given["day_of_week"],
        is_keyword_form=True,
    )


def _keywords_in(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        match = KEYWORD.match(text, position)
        if match is None:
            raise _invalid(f"'{text[position:].strip()}' is not of the form name=value.")
        name, *quoted_or_bare = match.groups()
        if name in given:
            raise _invalid(f"{name} is given twice.")
        given[name] = "".join(value or "" for value in quoted_or_bare).strip()
        position = match.end()
    return given


def _join_blanks(text: str) -> str:
    return ORDINAL_BLANK.sub(r"\1_", re.sub(r"\s*,\s*", ",", text))


def _invalid(*messages: str) -> InvalidTrigger:
    return InvalidTrigger({"expression": messages})


def _first_from(value: int, values: tuple[int, ...]) -> int | None:
    index = bisect_left(values, value)
    return values[index] if index < len(values) else None
