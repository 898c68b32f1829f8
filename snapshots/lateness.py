"""How old the data of an account may be, in the time in which its markets trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from snapshots.sources.base import InvalidSettings

LIMIT, RESTS = "stale_after_hours", "rests_at_weekends"
RESTING = ("saxo", "saxo_api")  # sources of accounts whose markets trade from Monday to Friday
USUAL, MOST = 24.0, 8760.0  # hours
SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an account's data may stay away.

    zone  in which Saturday and Sunday do not count; None = they do
    """

    limit: timedelta
    zone: ZoneInfo | None = None

    def age(self, since: datetime, until: datetime) -> timedelta:
        """Return how much time lies between the two, weekends left out where markets rest."""
        if self.zone is None:
            return max(timedelta(), until - since)
        return weekdays_between(since, until, self.zone)


def patience_with(source: str, own: Mapping[str, Any], zone: ZoneInfo) -> Patience:
    """Return what holds for an account: its own settings, or else those of its source.

    Raise InvalidSettings if its own cannot be read.
    """
    limits: Mapping[str, float] = settings.STALE_AFTER_HOURS
    hours = own.get(LIMIT, limits.get(source, USUAL))
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= MOST:
        raise InvalidSettings(
            f"{LIMIT!r} is {hours!r}. Use a number of hours from 0.1 to {MOST:g}, such as 48."
        )
    rests = own.get(RESTS, source in RESTING)
    if not isinstance(rests, bool):
        raise InvalidSettings(f"{RESTS!r} is {rests!r}. Use true or false.")
    return Patience(timedelta(hours=hours), zone if rests else None)


def weekdays_between(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """Return how much of [since, until) lies from Monday to Friday in `zone`."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    if until <= since:
        return timedelta()
    day = since.astimezone(zone).date()
    saturday = day + (SATURDAY - day.weekday()) % 7 * DAY
    if day.weekday() > SATURDAY:
        saturday -= 7 * DAY
    rest = timedelta()
    while (starts_at := datetime.combine(saturday, time.min, zone).astimezone(UTC)) < until:
        ends_at = datetime.combine(saturday + 2 * DAY, time.min, zone).astimezone(UTC)
        rest += max(timedelta(), min(ends_at, until) - max(starts_at, since))
        saturday += 7 * DAY
    return until - since - rest
