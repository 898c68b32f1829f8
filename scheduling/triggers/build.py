"""Turn a spec into a trigger, or say all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.base import Trigger
from scheduling.triggers.cron import CronTrigger
from scheduling.triggers.crontab import read_crontab
from scheduling.triggers.date import DateTrigger, read_date
from scheduling.triggers.interval import IntervalTrigger, read_interval
from scheduling.triggers.spec import FIRST_YEAR, LAST_YEAR, TriggerSpec, is_usable_year
from scheduling.triggers.zones import read_zone

KINDS: dict[str, type[CronTrigger | IntervalTrigger | DateTrigger]] = {
    "cron": CronTrigger,
    "interval": IntervalTrigger,
    "date": DateTrigger,
}
READERS: dict[str, Callable[[str], object]] = {
    "cron": read_crontab,
    "interval": read_interval,
    "date": read_date,
}
MAX_JITTER_SECONDS = 86_400

# The field at fault, and what is wrong with it.
Complaint = tuple[str, str]


@lru_cache(maxsize=4096)
def build_trigger(spec: TriggerSpec) -> Trigger:
    """Return the trigger of a spec. Raise InvalidTrigger with all that is wrong with it.

    A time that has passed is no error here: a trigger that has ended can still be built.
    """
    _raise_all(list(_complaints(spec)))
    return KINDS[spec.kind](spec)


def validate(spec: TriggerSpec, now: datetime) -> None:
    """Raise InvalidTrigger with all that is wrong with a spec, or if it never fires from `now`."""
    complaints = list(_complaints(spec))
    if _is_usable(spec.end_at) and spec.end_at is not None and spec.end_at <= now:
        complaints.append(("end_at", "end_at is in the past: nothing would ever fire."))
    if not complaints:
        complaints.extend(_never_fires(spec, now))
    _raise_all(complaints)


def _raise_all(complaints: list[Complaint]) -> None:
    errors: dict[str, list[str]] = {}
    for field, message in complaints:
        errors.setdefault(field, []).append(message)
    if errors:
        raise InvalidTrigger(errors)


def _complaints(spec: TriggerSpec) -> Iterator[Complaint]:
    if spec.kind in KINDS:
        yield from _caught(READERS[spec.kind], spec.expression)
    else:
        yield "kind", _unknown_kind(spec.kind)
    yield from _caught(read_zone, spec.timezone)
    yield from _bounds(spec)
    yield from _jitter(spec.jitter_seconds)


def _caught(read: Callable[[str], object], text: str) -> Iterator[Complaint]:
    try:
        read(text)
    except InvalidTrigger as exc:
        for field, messages in exc.errors.items():
            yield from ((field, message) for message in messages)


def _unknown_kind(kind: str) -> str:
    guess = get_close_matches(kind.lower(), KINDS, n=1)
    hint = f"Did you mean {guess[0]}?" if guess else f"Use one of {', '.join(KINDS)}."
    return f"Unknown kind of trigger '{kind}'. {hint}"


def _bounds(spec: TriggerSpec) -> Iterator[Complaint]:
    bounds = {"start_at": spec.start_at, "end_at": spec.end_at, "anchor_at": spec.anchor_at}
    for field, instant in bounds.items():
        if instant is None:
            continue
        if instant.utcoffset() is None:
            yield field, f"{field} needs a UTC offset, such as {instant.isoformat()}+00:00."
        elif not is_usable_year(instant):
            yield field, f"The year of {field} is out of range; use {FIRST_YEAR} to {LAST_YEAR}."
    start, end = spec.start_at, spec.end_at
    both_given = start is not None and end is not None
    if both_given and _is_usable(start) and _is_usable(end) and end < start:  # type: ignore[operator]
        yield "end_at", "end_at is before start_at."


def _is_usable(instant: datetime | None) -> bool:
    return instant is not None and instant.utcoffset() is not None and is_usable_year(instant)


def _jitter(seconds: int) -> Iterator[Complaint]:
    if seconds < 0:
        yield "jitter_seconds", "jitter_seconds is negative; use 0 for no jitter."
    elif seconds > MAX_JITTER_SECONDS:
        yield (
            "jitter_seconds",
            f"jitter_seconds is more than a day; use at most {MAX_JITTER_SECONDS}.",
        )


def _never_fires(spec: TriggerSpec, now: datetime) -> Iterator[Complaint]:
    trigger = build_trigger(spec)
    if trigger.next_after(now) is not None:
        return
    if isinstance(trigger, DateTrigger):
        yield "expression", _date_at_fault(trigger, now)
    elif spec.end_at is not None:
        yield "end_at", "No fire time falls before end_at: nothing would ever fire."
    else:
        yield "expression", f"'{spec.expression}' never fires in {spec.timezone}."


def _date_at_fault(trigger: DateTrigger, now: datetime) -> str:
    if trigger.run_date <= now:
        return f"'{trigger.spec.expression}' is in the past: nothing would ever fire."
    is_late = trigger.spec.end_at is not None and trigger.run_date > trigger.spec.end_at
    where = "after end_at" if is_late else "before start_at"
    return f"'{trigger.spec.expression}' is {where}: nothing would ever fire."
