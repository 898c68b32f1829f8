"""The slot that a snapshot stands for: a quarter of an hour, or the end of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

SlotKind = Literal["intraday", "eod"]
LENGTH = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
FIRST, LAST = time(7), time(23, 45)  # intraday slots of a day, in the account's zone
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a snapshot is from.

    slot_at        intraday: start of the quarter; eod: the last minute of the day. Aware UTC
    business_date  the day that it counts for, in the account's time zone
    """

    kind: SlotKind
    slot_at: datetime
    business_date: date

    @property
    def stands_for_at(self) -> datetime:
        """Return the instant whose data it should have; eod: the end of the business date."""
        return self.slot_at + MINUTE if self.kind == "eod" else self.slot_at


def slot_of(instant: datetime, *, is_eod: bool, zone: ZoneInfo) -> Slot:
    """Return the slot of the instant that a run stands for.

    That is its fire time, not its start: the end of a day that is taken after midnight still
    belongs to the day that ended.
    """
    business_date = instant.astimezone(zone).date()
    if is_eod:
        return Slot(
            kind="eod", slot_at=end_of_day(business_date, zone), business_date=business_date
        )
    # Zones are whole quarters apart, so that a quarter starts at the same instant in each.
    slot_at = instant.astimezone(UTC) - (instant - EPOCH) % LENGTH
    return Slot(kind="intraday", slot_at=slot_at, business_date=business_date)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the last minute of `day` in `zone`, as an instant in UTC.

    It is 23:59 unless the clock is changed then: it counts back from the next day's start.
    """
    next_day = datetime.combine(day + timedelta(days=1), time.min, zone)
    return next_day.astimezone(UTC) - MINUTE


def slots_of_day(day: date, zone: ZoneInfo) -> list[Slot]:
    """Return all slots of a day in `zone`, in their order: 68 quarters, then its end.

    From 07:00 to 23:45 there are as many on days when the clock is changed: that is at night.
    """
    first, last = (datetime.combine(day, at, zone).astimezone(UTC) for at in (FIRST, LAST))
    quarters = int((last - first) / LENGTH) + 1
    found = [
        Slot(kind="intraday", slot_at=first + number * LENGTH, business_date=day)
        for number in range(quarters)
    ]
    return [*found, Slot(kind="eod", slot_at=end_of_day(day, zone), business_date=day)]


def is_slot(instant: datetime, *, is_eod: bool, zone: ZoneInfo) -> bool:
    """Tell whether `instant` lies in a slot that days in `zone` have; eod: in its last minute."""
    local = instant.astimezone(zone)
    if is_eod:
        return local.astimezone(UTC) >= end_of_day(local.date(), zone)
    return local.time() >= FIRST
