"""Read one field of a cron expression: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.triggers.days import LAST, DayPattern

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # in Python's order
ORDINALS = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": LAST}

# `*`, `5`, `mon`, `1-5`, each with an optional step
ITEM = re.compile(r"(?:(\*)|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]+))?")
# `5#2`, `fri#2`
NTH_HASH = re.compile(r"([0-7]|[a-z]{3})#([1-5])")
# `5L`, `friL`
LAST_WEEKDAY = re.compile(r"([0-7]|[a-z]{3})l")
# `2nd_fri`, `last_fri`: crontab.py has put the underscore in the place of the blank
NTH_NAME = re.compile(r"(1st|2nd|3rd|4th|5th|last)_([a-z]{3})")


class BadField(ValueError):
    """Text that is no value of its field. The message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of numbers, and of the names that stand for some of them."""

    name: str
    low: int
    high: int
    names: Mapping[str, int]

    @property
    def allowed(self) -> str:
        """Say which values the field takes."""
        allowed = f"{self.low} to {self.high}"
        if self.names:
            first, *_, last = self.names
            allowed += f" or {first} to {last}"
        return allowed

    def values(self, text: str) -> frozenset[int]:
        """Return the values of a list such as `1,5-9,*/20`. Raise BadField if it is none."""
        found: set[int] = set()
        for item in text.lower().split(","):
            found.update(self.item_values(item))
        return frozenset(found)

    def item_values(self, item: str) -> range:
        """Return the values of one item of the list. Raise BadField if it is none."""
        match = ITEM.fullmatch(item)
        if match is None:
            raise BadField(f"{self.name}: {_quoted(item)} is not understood; use {self.allowed}.")
        star, first, last, step_text = match.groups()
        step = int(step_text or 1)
        if step == 0:
            raise BadField(f"{self.name}: the step of '{item}' is 0; it must be 1 or more.")
        low = self.low if star else self.number(first)
        high = self._end_of_range(item, low=low, last=last, is_open=bool(star or step_text))
        return range(low, high + 1, step)

    def number(self, text: str) -> int:
        """Return the number that a figure or a name stands for. Raise BadField if it is none."""
        if text in self.names:
            return self.names[text]
        if not text.isdigit():
            raise BadField(f"{self.name}: '{text}' is unknown; use {self.allowed}.")
        if not self.low <= int(text) <= self.high:
            raise BadField(f"{self.name}: {text} is out of range; use {self.allowed}.")
        return int(text)

    def _end_of_range(self, item: str, *, low: int, last: str | None, is_open: bool) -> int:
        if last is None:
            return self.high if is_open else low
        high = self.number(last)
        if self is WEEKDAY and last == "sun" and low > 0:
            high = 7  # `mon-sun`: the Sunday that ends the week
        if high < low:
            raise BadField(
                f"{self.name}: the range '{item}' runs backwards; write two ranges with a comma."
            )
        return high


SECOND = Field("second", 0, 59, {})
MINUTE = Field("minute", 0, 59, {})
HOUR = Field("hour", 0, 23, {})
DAY = Field("day of month", 1, 31, {})
MONTH = Field("month", 1, 12, {name: number for number, name in enumerate(MONTH_NAMES, 1)})
# In cron's own numbers: Sunday is 0 and 7.
WEEKDAY = Field(
    "day of week", 0, 7, {name: (number + 1) % 7 for number, name in enumerate(WEEKDAY_NAMES)}
)


def read_day(text: str) -> DayPattern:
    """Read the day of the month: numbers, `last` or `L`, `LW`, `2nd fri`, `last sun`."""
    numbers: set[int] = set()
    nth: set[tuple[int, int]] = set()
    items = text.lower().split(",")
    for item in items:
        if match := NTH_NAME.fullmatch(item):
            nth.add((_python_weekday(match[2]), ORDINALS[match[1]]))
        elif item not in ("l", "last", "lw"):
            numbers.update(DAY.item_values(item))
    return DayPattern(
        numbers=frozenset(numbers),
        nth=frozenset(nth),
        last="l" in items or "last" in items,
        last_workday="lw" in items,
    )


def read_weekday(text: str) -> DayPattern:
    """Read the day of the week: numbers, names, `5#2` or `2nd fri`, `5L` or `last fri`."""
    weekdays: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for item in text.lower().split(","):
        if match := NTH_HASH.fullmatch(item):
            nth.add((_python_weekday(match[1]), int(match[2])))
        elif match := LAST_WEEKDAY.fullmatch(item):
            nth.add((_python_weekday(match[1]), LAST))
        elif match := NTH_NAME.fullmatch(item):
            nth.add((_python_weekday(match[2]), ORDINALS[match[1]]))
        else:
            weekdays.update((number + 6) % 7 for number in WEEKDAY.item_values(item))
    return DayPattern(weekdays=frozenset(weekdays), nth=frozenset(nth))


def _python_weekday(text: str) -> int:
    return (WEEKDAY.number(text) + 6) % 7


def _quoted(item: str) -> str:
    return f"'{item.replace('_', ' ')}'" if item else "an empty item"
