"""Find the days that a cron expression means."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from itertools import repeat

# The Gregorian calendar repeats, weekdays included, after 400 years.
CYCLE_MONTHS = 400 * 12

LAST = -1  # as in "last friday", instead of 1 to 5
FRIDAY, SATURDAY = 4, 5


@dataclass(frozen=True, slots=True)
class DayPattern:
    """The days of one field. Weekdays count from Monday = 0, as in Python.

    numbers       days of the month
    weekdays      days of the week
    nth           (weekday, n) for the n-th of its month; n is 1 to 5 or LAST
    last          the last day of the month
    last_workday  the last of the month that is no Saturday or Sunday
    """

    numbers: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    last: bool = False
    last_workday: bool = False

    def matches(self, day: int, weekday: int, length: int) -> bool:
        """Tell if a day belongs to the pattern, in a month of `length` days."""
        return (
            day in self.numbers
            or weekday in self.weekdays
            or (weekday, (day + 6) // 7) in self.nth
            or (day + 7 > length and (weekday, LAST) in self.nth)
            or (self.last and day == length)
            or (self.last_workday and _is_last_workday(day, weekday, length))
        )


@dataclass(frozen=True, slots=True)
class Days:
    """The days that months, days of the month and days of the week select together.

    both  True = a day must match both patterns, False = one of them is enough
    """

    months: frozenset[int]
    of_month: DayPattern
    of_week: DayPattern
    both: bool
    _masks: dict[tuple[int, int], int] = field(default_factory=dict, compare=False, repr=False)

    def at_or_after(self, year: int, month: int, day: int) -> date | None:
        """Return the first selected day from this one on, None if there is none for 400 years."""
        for _ in repeat(None, CYCLE_MONTHS + 1):
            if month in self.months:
                later = self._mask(*monthrange(year, month)) >> day
                if later:
                    return date(year, month, day + (later & -later).bit_length() - 1)
            day, month = 1, month + 1
            if month > 12:
                year, month = year + 1, 1
                if year > MAXYEAR:
                    return None
        return None

    def has(self, day: date) -> bool:
        """Tell if the day is selected."""
        if day.month not in self.months:
            return False
        return bool(self._mask(*monthrange(day.year, day.month)) >> day.day & 1)

    def _mask(self, first_weekday: int, length: int) -> int:
        # There are only 28 kinds of month: four lengths, seven weekdays to begin with.
        mask = self._masks.get((first_weekday, length))
        if mask is None:
            mask = sum(1 << day for day in self._of_month_like(first_weekday, length))
            self._masks[first_weekday, length] = mask
        return mask

    def _of_month_like(self, first_weekday: int, length: int) -> Collection[int]:
        combine = all if self.both else any
        return [
            day
            for day in range(1, length + 1)
            if combine(
                pattern.matches(day, (first_weekday + day - 1) % 7, length)
                for pattern in (self.of_month, self.of_week)
            )
        ]


def _is_last_workday(day: int, weekday: int, length: int) -> bool:
    if weekday == FRIDAY:
        return day + 2 >= length
    return weekday < SATURDAY and day == length
