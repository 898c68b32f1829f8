"""From what a clock on the wall shows to instants, across changes of the UTC offset.

A wall time is a naive datetime. Most exist once. Where clocks go forward some exist never
(a gap), where they go back some exist twice (a fold). docs/time.md is the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from zoneinfo import ZoneInfo

TICK = timedelta.resolution
SECOND = timedelta(seconds=1)

# Asks a trigger for its first wall time at or after another; None = there is none.
AtOrAfter = Callable[[datetime], datetime | None]

# How many gaps in a row may swallow an expression before it counts as one that never fires.
MAX_GAPS = 50


@dataclass(frozen=True, slots=True)
class OffsetChange:
    """A change of a zone's UTC offset.

    at          the first instant with the new offset, aware UTC
    start, end  the wall times that are skipped or repeated, as [start, end)
    forward     True = they are skipped (gap), False = they exist twice (fold)
    """

    at: datetime
    start: datetime
    end: datetime
    forward: bool


def instants_of(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants of a wall time by the old and by the new offset.

    They are equal where the wall time exists once, in order where it exists twice, and in
    reverse order where it does not exist.
    """
    return (
        wall.replace(tzinfo=zone, fold=0).astimezone(UTC),
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def change_around(wall: datetime, zone: ZoneInfo) -> OffsetChange | None:
    """Return the change that skips or repeats `wall`, None if the wall time exists once."""
    by_old, by_new = instants_of(wall, zone)
    if by_old == by_new:
        return None
    low = min(by_old, by_new).replace(microsecond=0)
    steps = int((max(by_old, by_new) - low).total_seconds()) + 1
    old_offset = _offset(low, zone)
    first, last = 0, steps
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(low + middle * SECOND, zone) == old_offset:
            first = middle
        else:
            last = middle
    return _change_at(low + last * SECOND, zone)


def gap_ending_at(instant: datetime, zone: ZoneInfo) -> OffsetChange | None:
    """Return the gap after which `instant` is the first instant, None if it is not."""
    if _offset(instant - TICK, zone) >= _offset(instant, zone):
        return None
    return _change_at(instant.astimezone(UTC), zone)


def change_on_day(instant: datetime, zone: ZoneInfo) -> OffsetChange | None:
    """Return the first change on the local day of `instant`, None if its offset stays."""
    midnight = _wall(instant, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start, _ = instants_of(midnight, zone)
    end, _ = instants_of(midnight + timedelta(days=1), zone)
    old_offset = _offset(start - TICK if _skips(midnight, zone) else start, zone)
    if old_offset == _offset(end - TICK, zone):
        return None
    first, last = -1, int((end - start).total_seconds())
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(start + middle * SECOND, zone) == old_offset:
            first = middle
        else:
            last = middle
    return _change_at(start + last * SECOND, zone)


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock first shows `wall`, or the end of the gap that swallows it."""
    by_old, by_new = instants_of(wall, zone)
    if by_old <= by_new:
        return by_old
    change = change_around(wall, zone)
    return by_old if change is None else change.at


def next_on_wall(instant: datetime, zone: ZoneInfo, at_or_after: AtOrAfter) -> datetime | None:
    """Return the next instant, counting each wall time once and gaps at their end."""
    wall = _wall(instant, zone)
    change = change_around(wall, zone) if instant.astimezone(zone).fold else None
    # In the second pass of a fold, all its wall times have had their turn.
    found = at_or_after(wall + TICK if change is None else change.end)
    return None if found is None else first_instant(found, zone)


def next_elapsed(instant: datetime, zone: ZoneInfo, at_or_after: AtOrAfter) -> datetime | None:
    """Return the next instant, counting both passes of a fold and nothing for a gap."""
    wall = _wall(instant, zone)
    found = at_or_after(wall + TICK)
    if not instant.astimezone(zone).fold:
        fold = change_around(wall, zone)
        if fold is not None and (found is None or found >= fold.end):
            found = at_or_after(fold.start)
    for _ in repeat(None, MAX_GAPS):
        if found is None:
            return None
        by_old, by_new = instants_of(found, zone)
        if by_old <= by_new:
            return by_old if by_old > instant else by_new
        gap = change_around(found, zone)
        found = None if gap is None else at_or_after(gap.end)
    return None


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return _wall(instant, zone) - instant.astimezone(UTC).replace(tzinfo=None)


def _skips(wall: datetime, zone: ZoneInfo) -> bool:
    by_old, by_new = instants_of(wall, zone)
    return by_old > by_new


def _change_at(instant: datetime, zone: ZoneInfo) -> OffsetChange:
    before = _wall(instant - SECOND, zone) + SECOND
    after = _wall(instant, zone)
    return OffsetChange(
        at=instant, start=min(before, after), end=max(before, after), forward=after > before
    )
