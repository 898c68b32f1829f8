"""Which of the values that a source tells of the past stands for the end of which day; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from snapshots.slots import MINUTE, Slot, slot_of
from snapshots.sources.history import DailyValue

DAY = timedelta(days=1)
USUAL_DAYS = 365
EARLIEST = date(2000, 1, 1)
# As of a snapshot that is taken late: midnight in UTC is the end of the day in Zurich.
LATENESS = timedelta(hours=2)


class NoSuchDays(Exception):
    """There are no days to ask for. The message says which would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days that are over, both included, in the zone of an account."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time.min, self.zone).astimezone(UTC)

    @property
    def until(self) -> datetime:
        """Return until when a value may stand for the last end."""
        after = datetime.combine(self.last + DAY, time.min, self.zone)
        return after.astimezone(UTC) + LATENESS + MINUTE

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


def days_over(first: date | None, last: date | None, *, zone: ZoneInfo, now: datetime) -> Days:
    """Return the days that are meant and over: a year of them unless it is said.

    Raise NoSuchDays.
    """
    yesterday = now.astimezone(zone).date() - DAY
    last = min(last or yesterday, yesterday)
    first = first or max(EARLIEST, last - (USUAL_DAYS - 1) * DAY)
    if first < EARLIEST:
        raise NoSuchDays(f"{first} is too long ago. Begin on {EARLIEST} or later.")
    if first > last:
        raise NoSuchDays(f"No day from {first} to {last} is over. {yesterday} was the last one.")
    return Days(first=first, last=last, zone=zone)


def ends_of(values: Iterable[DailyValue], days: Days) -> dict[date, tuple[Slot, DailyValue]]:
    """Return by day the value that is nearest to its end, with the slot of that.

    That is one of the day itself, or of up to two hours after it.
    """
    found: dict[date, tuple[Slot, DailyValue]] = {}
    for value in values:
        slot = slot_of(value.at - LATENESS - MINUTE, is_eod=True, zone=days.zone)
        day = slot.business_date
        if not days.first <= day <= days.last:
            continue
        known = found.get(day)
        if known is None or _distance(slot, value) <= _distance(*known):
            found[day] = (slot, value)
    return dict(sorted(found.items()))


def _distance(slot: Slot, value: DailyValue) -> timedelta:
    return abs(value.at - slot.stands_for_at)
