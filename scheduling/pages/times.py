"""Times and durations as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scheduling.triggers.zones import zone_or_utc

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the clock of a zone, and how far it is from now.

    text      "Fri 21 Nov, 14:15"
    zone      "Europe/Zurich"
    relative  "in 12 min"
    """

    text: str
    zone: str
    relative: str
    at: datetime

    @classmethod
    def of(cls, at: datetime, zone_name: str, now: datetime) -> Moment:
        zone = zone_or_utc(zone_name)
        return cls(
            text=date_and_time(at.astimezone(zone), now.astimezone(zone)),
            zone=str(zone),
            relative=relative(at - now),
            at=at,
        )

    @property
    def tooltip(self) -> str:
        return f"{self.relative} · {self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def date_and_time(local: datetime, now: datetime) -> str:
    """Return a local time with its year and its seconds only where they tell something."""
    day = f"{local:%a} {local.day} {local:%b}"
    if local.year != now.year:
        day = f"{day} {local.year}"
    return f"{day}, {local:%H:%M:%S}" if local.second else f"{day}, {local:%H:%M}"


def relative(distance: timedelta) -> str:
    """Return "in 12 min", "3 h 5 min ago" or "now"."""
    if abs(distance) < timedelta(seconds=1):
        return "now"
    words = length(abs(distance), parts=1 if abs(distance) < timedelta(hours=1) else 2)
    return f"in {words}" if distance > timedelta() else f"{words} ago"


def length(duration: timedelta, parts: int = 2) -> str:
    """Return a duration as "245 ms", "1.2 s" or "2 min 5 s"."""
    seconds = duration.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10 and parts > 1:
        return f"{seconds:.1f} s"
    found, rest = [], round(seconds)
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            found.append(f"{count} {unit}")
    return " ".join(found[:parts])
