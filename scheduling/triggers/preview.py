"""Show the next fire times, and which of them a change of the clocks touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from scheduling.triggers.base import Trigger
from scheduling.triggers.build import build_trigger
from scheduling.triggers.spec import LAST_YEAR, TriggerSpec
from scheduling.triggers.wall_clock import OffsetChange, change_around, change_on_day
from scheduling.triggers.words import clock_time, day_and_month

Mark = Literal["", "gap", "fold", "offset_change"]

END_OF_TIME = datetime(LAST_YEAR, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PreviewedTime:
    """A fire time to come.

    at     aware UTC
    local  the same instant in the zone of the trigger
    mark   "gap" = moved, its wall time does not exist; "fold" = its wall time exists twice;
           "offset_change" = the clocks change on its day; "" = none of these
    note   the mark in plain words
    """

    at: datetime
    local: datetime
    mark: Mark
    note: str


def preview(spec: TriggerSpec, now: datetime, count: int) -> list[PreviewedTime]:
    """Return the next `count` fire times after `now`, oldest first.

    Raise InvalidTrigger if the spec cannot be read.
    """
    trigger = build_trigger(spec)
    return [_preview_of(trigger, at) for at in trigger.fire_times(now, END_OF_TIME, count)]


def _preview_of(trigger: Trigger, at: datetime) -> PreviewedTime:
    mark, note = _mark_of(trigger, at)
    return PreviewedTime(
        at=at.astimezone(UTC), local=at.astimezone(trigger.timezone), mark=mark, note=note
    )


def _mark_of(trigger: Trigger, at: datetime) -> tuple[Mark, str]:
    change = change_on_day(at, trigger.timezone)
    moved = trigger.moved_from(at)
    if moved is not None:
        return "gap", (
            f"{clock_time(moved)} does not exist on {day_and_month(moved)}, as the clocks go "
            f"forward. It fires when they have changed, at "
            f"{clock_time(at.astimezone(trigger.timezone))}."
        )
    local = at.astimezone(trigger.timezone)
    fold = change_around(local.replace(tzinfo=None, fold=0), trigger.timezone)
    if fold is not None:
        which = "second" if local.fold else "first"
        return "fold", (
            f"{clock_time(local)} exists twice on {day_and_month(local)}, as the clocks go "
            f"back from {clock_time(fold.end)} to {clock_time(fold.start)}. "
            f"This is the {which} ({_offset_name(local)})."
        )
    return ("", "") if change is None else ("offset_change", _change_note(change))


def _change_note(change: OffsetChange) -> str:
    if change.forward:
        return (
            f"The clocks go forward on this day, from {clock_time(change.start)} "
            f"to {clock_time(change.end)}."
        )
    return (
        f"The clocks go back on this day, from {clock_time(change.end)} "
        f"to {clock_time(change.start)}."
    )


def _offset_name(local: datetime) -> str:
    name = f"{local:%Z}"
    return name if name.isalpha() else f"UTC{local:%z}"
