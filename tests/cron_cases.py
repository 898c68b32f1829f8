"""Questions to a cron: random expressions, in zones of all kinds, asked at random instants.

The dice are those of `random`, so that a loop can throw them by a seed, and hypothesis by itself
(`st.randoms(use_true_random=False)`): it then finds the smallest question that fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
FIRST, FAR = datetime(2024, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)

ZONES = (
    "UTC",
    "Asia/Kathmandu",  # 5:45
    "Asia/Seoul",
    "Europe/Zurich",
    "Europe/London",
    "Europe/Dublin",  # its winter time is the daylight saving time
    "America/New_York",
    "America/St_Johns",  # -3:30
    "Pacific/Chatham",  # changes at 2:45
    "Africa/Casablanca",  # goes back for Ramadan
    "America/Nuuk",  # before midnight
    "Antarctica/Troll",  # by two hours
    "Australia/Lord_Howe",  # by half an hour
    "America/Havana",  # at midnight
    "America/Santiago",  # at midnight
    "Africa/Cairo",  # at midnight
    "Asia/Beirut",  # at midnight
    "Atlantic/Azores",  # at midnight
)
NAMES = ("sun", "MON", "tue", "Wed", "thu", "FRI", "sat")


@dataclass(frozen=True, slots=True)
class CronCase:
    """The question for the fire times of an expression after an instant."""

    expression: str
    timezone: str
    after: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def of_clock(self) -> list[str]:
        """Its fields for second, if any, minute and hour."""
        return self.expression.split()[:-3]

    @property
    def of_day(self) -> list[str]:
        """Its fields for the day of the month and of the week."""
        day, _, weekday = self.expression.split()[-3:]
        return [day, weekday]


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change of a zone's clocks; `before` is what they show when it comes."""

    at: datetime
    before: datetime
    step: timedelta


@lru_cache
def days_of_changes(timezone: str) -> dict[date, ClockChange]:
    """Return the changes by each local day that they touch."""
    changes = changes_of(timezone)
    return {
        wall.date(): change
        for change in changes
        for wall in (change.before, change.before + change.step)
    }


@lru_cache
def changes_of(timezone: str) -> tuple[ClockChange, ...]:
    """Return the changes from 2024 to 2039, found by looking at the clock day by day."""
    zone = ZoneInfo(timezone)
    days = (FIRST + DAY * n for n in range((FAR - FIRST).days))
    return tuple(
        _change_between(day, day + DAY, zone)
        for day in days
        if _offset(day, zone) != _offset(day + DAY, zone)
    )


def random_case(random: Random) -> CronCase:
    """Return a question; every second one is asked around a change of the clocks."""
    timezone = random.choice(ZONES)
    changes = changes_of(timezone)
    if changes and random.randrange(2):
        after = random.choice(changes).at + random.randint(-2 * 1440, 10 * 60) * MINUTE
    else:
        after = FIRST + random.randrange((FAR - FIRST) // MINUTE) * MINUTE
    if not random.randrange(4):
        after += timedelta(seconds=random.randrange(60), microseconds=1)
    return CronCase(_expression(random), timezone, after)


def _expression(random: Random) -> str:
    # Fixed times, which are what daylight saving moves, more often than chance has them.
    of_clock = _field if not random.randrange(3) else _restricted
    clock = f"{of_clock(random, 0, 59)} {of_clock(random, 0, 23)}"
    if not random.randrange(5):
        clock = f"{_field(random, 0, 59)} {clock}"
    if not random.randrange(3):
        return f"{clock} * * *"
    return f"{clock} {_day(random)} {_month(random)} {_weekday(random)}"


def _day(random: Random) -> str:
    return random.choice(("L", "LW")) if not random.randrange(6) else _field(random, 1, 31)


def _month(random: Random) -> str:
    return random.choice(("*", "*", "*", "JAN", "feb-mar", "jun,DEC", "2", "3-11/4", "*/5"))


def _weekday(random: Random) -> str:
    kind = random.randrange(8)
    if kind < 4:
        return _field(random, 0, 7)
    if kind == 4:
        return f"{random.randint(0, 7)}L"
    number = random.choice((*NAMES, *map(str, range(8))))
    if kind == 5:
        return f"{number}#{random.randint(1, 5)}"
    if kind == 6 and number in NAMES:
        return f"{number}-{random.choice(NAMES[NAMES.index(number) :])}"
    return number


def _field(random: Random, low: int, high: int) -> str:
    kind = random.randrange(4)
    if kind < 2:
        return "*" if kind else f"*/{random.randint(1, high)}"
    return _restricted(random, low, high)


def _restricted(random: Random, low: int, high: int) -> str:
    return ",".join(_item(random, low, high) for _ in range(random.choice((1, 1, 1, 2, 3))))


def _item(random: Random, low: int, high: int) -> str:
    first, kind = random.randint(low, high), random.randrange(5)
    if kind < 2:
        return f"{first}"
    if kind == 2:
        return f"{first}/{random.randint(1, 12)}"
    first = min(first, high - 1)
    item = f"{first}-{random.randint(first + 1, high)}"
    return item if kind == 3 else f"{item}/{random.randint(1, 12)}"


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> ClockChange:
    old, new = _offset(low, zone), _offset(high, zone)
    while high - low > MINUTE:
        middle = low + (high - low) // MINUTE // 2 * MINUTE
        low, high = (middle, high) if _offset(middle, zone) == old else (low, middle)
    return ClockChange(high, high.replace(tzinfo=None) + old, new - old)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
