"""Say in plain words when a trigger fires."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache, singledispatch
from zoneinfo import ZoneInfo

from scheduling.triggers.base import Trigger
from scheduling.triggers.build import build_trigger
from scheduling.triggers.cron import CronTrigger
from scheduling.triggers.cron_words import MONTHS, WEEKDAYS, describe_crontab
from scheduling.triggers.date import DateTrigger
from scheduling.triggers.interval import IntervalTrigger
from scheduling.triggers.spec import TriggerSpec

UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


@lru_cache(maxsize=4096)
def describe(spec: TriggerSpec) -> str:
    """Return when a spec fires, as "Every 15 minutes, between 07:00 and 23:59, UTC".

    Raise InvalidTrigger if the spec cannot be read.
    """
    trigger = build_trigger(spec)
    return ", ".join([_main_words(trigger), *_bound_words(trigger)])


def date_and_time(local: datetime) -> str:
    """Return a local time as "2 October 2025 at 14:30"."""
    return f"{day_and_month(local)} {local.year} at {clock_time(local)}"


def day_and_month(local: datetime) -> str:
    """Return the day of a local time as "2 October"."""
    return f"{local.day} {MONTHS[local.month - 1]}"


def clock_time(local: datetime) -> str:
    """Return the time of the day as "14:30", with seconds only if there are any."""
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


@singledispatch
def _main_words(trigger: Trigger) -> str:
    raise TypeError(f"{type(trigger).__name__} has no words")


@_main_words.register
def _(trigger: CronTrigger) -> str:
    return f"{describe_crontab(trigger.crontab)}, {_zone_words(trigger.timezone)}"


@_main_words.register
def _(trigger: IntervalTrigger) -> str:
    if trigger.keeps_wall_clock:
        return f"{_calendar_words(trigger)}, {_zone_words(trigger.timezone)}"
    return _elapsed_words(trigger.interval)


@_main_words.register
def _(trigger: DateTrigger) -> str:
    local = trigger.run_date.astimezone(trigger.timezone)
    return f"Once on {date_and_time(local)}, {_zone_words(trigger.timezone)}"


def _zone_words(zone: ZoneInfo) -> str:
    return "UTC" if zone.key == "UTC" else f"{zone.key} time"


def _calendar_words(trigger: IntervalTrigger) -> str:
    anchor = trigger.start_date.astimezone(trigger.timezone)
    days = trigger.interval.days
    if days % 7 == 0:
        weekday = WEEKDAYS[anchor.weekday()]
        return f"{_every(days // 7, 'week')} on {weekday} at {clock_time(anchor)}"
    return f"{_every(days, 'day')} at {clock_time(anchor)}"


def _elapsed_words(length: timedelta) -> str:
    parts: list[tuple[int, str]] = []
    for unit, size in UNITS.items():
        count, length = divmod(length, size)
        if count:
            parts.append((count, unit))
    if len(parts) == 1:
        return _every(*parts[0])
    return "Every " + " ".join(_counted(count, unit) for count, unit in parts)


def _every(count: int, unit: str) -> str:
    return f"Every {unit}" if count == 1 else f"Every {_counted(count, unit)}"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _bound_words(trigger: Trigger) -> list[str]:
    spec, words = trigger.spec, []
    if spec.start_at is not None:
        words.append(f"from {date_and_time(spec.start_at.astimezone(trigger.timezone))}")
    if spec.end_at is not None:
        words.append(f"until {date_and_time(spec.end_at.astimezone(trigger.timezone))}")
    if spec.jitter_seconds:
        words.append(f"delayed by up to {_counted(spec.jitter_seconds, 'second')}")
    return words
