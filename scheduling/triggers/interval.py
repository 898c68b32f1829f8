"""Fire every so often, counted from an anchor."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from apscheduler.triggers import interval

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.base import Trigger
from scheduling.triggers.spec import TriggerSpec
from scheduling.triggers.wall_clock import OffsetChange, next_on_wall
from scheduling.triggers.zones import read_zone

UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
INTERVAL = re.compile(r"(?:[0-9]+[wdhms]\s*)+")
PART = re.compile(r"([0-9]+)([wdhms])")

ONE_DAY = timedelta(days=1)
SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=36_500)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class IntervalTrigger(Trigger, interval.IntervalTrigger):
    """Fire at the anchor and every interval after it.

    Whole days keep the wall clock of the zone; anything else is elapsed time.
    """

    def __init__(self, spec: TriggerSpec) -> None:
        """Read the spec. Raise InvalidTrigger if its expression or zone cannot be read."""
        self.spec = spec.in_utc()
        self.timezone = read_zone(spec.timezone)
        self.interval: timedelta = read_interval(spec.expression)
        self.start_date: datetime = self.spec.start_at or self.spec.anchor_at or EPOCH
        # What APScheduler's own class holds besides, for whoever reads it.
        self.interval_length = self.interval.total_seconds()
        self.end_date = self.spec.end_at
        self.jitter = None
        local = self.start_date.astimezone(self.timezone)
        self._anchor_wall = local.replace(tzinfo=None, fold=0)

    @property
    def keeps_wall_clock(self) -> bool:
        """Tell if the interval is counted in days of the zone, not in elapsed time."""
        return not self.interval % ONE_DAY

    def _next_after(self, instant: datetime) -> datetime | None:
        if instant < self.start_date:
            return self.start_date
        if self.keeps_wall_clock:
            return next_on_wall(instant, self.timezone, self._wall_at_or_after)
        count = (instant - self.start_date) // self.interval + 1
        return self.start_date + count * self.interval

    def _wall_at_or_after(self, wall: datetime) -> datetime:
        count = -((self._anchor_wall - wall) // self.interval)  # rounded up
        return self._anchor_wall + count * self.interval

    def _wall_in(self, gap: OffsetChange) -> datetime | None:
        if not self.keeps_wall_clock or gap.at <= self.start_date:
            return None
        wall = self._wall_at_or_after(gap.start)
        return wall if wall < gap.end else None


def read_interval(expression: str) -> timedelta:
    """Return the length of `30s`, `15m`, `1h30m` or `1w`. Raise InvalidTrigger if it is none."""
    text = expression.strip()
    if not INTERVAL.fullmatch(text):
        raise _invalid(
            f"'{expression}' is no interval; write whole numbers with s, m, h, d or w, "
            "such as 30s, 15m, 1h30m or 1d."
        )
    parts = PART.findall(text)
    units = [unit for _, unit in parts]
    if len(set(units)) < len(units):
        raise _invalid(f"'{expression}' names a unit twice.")
    try:
        length = sum((int(number) * UNITS[unit] for number, unit in parts), timedelta())
    except OverflowError:
        length = timedelta.max
    if not SHORTEST <= length <= LONGEST:
        raise _invalid(f"'{expression}' is too short or too long; use 1s to {LONGEST.days}d.")
    return length


def _invalid(message: str) -> InvalidTrigger:
    return InvalidTrigger({"expression": [message]})
