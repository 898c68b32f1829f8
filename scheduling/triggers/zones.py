"""Read a time zone by its name, or say which name was probably meant."""

from __future__ import annotations

from datetime import UTC, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from scheduling.exceptions import InvalidTrigger

# CEST looks like EST, but the two are six hours apart: such a name is never guessed at.
LONGEST_ABBREVIATION = 4


@lru_cache(maxsize=1024)
def read_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name. Raise InvalidTrigger for any other name."""
    if name not in _zone_names():
        raise InvalidTrigger({"timezone": [_unknown(name)]})
    return ZoneInfo(name)


def zone_or_utc(name: str) -> tzinfo:
    """Return the zone called `name`; UTC if there is none, which is complained of elsewhere."""
    try:
        return read_zone(name)
    except InvalidTrigger:
        return UTC


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    # Asking ZoneInfo itself would take "europe/zurich" on a disk that ignores case, and
    # "right/Europe/Zurich", which counts leap seconds. "localtime" differs by machine.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _unknown(name: str) -> str:
    if not name.strip():
        return "A time zone is needed, such as Europe/Zurich or UTC."
    guess = _closest(name.strip().replace(" ", "_").lower())
    if guess is None:
        return f"Unknown time zone '{name}'. Use an IANA name such as Europe/Zurich or UTC."
    return f"Unknown time zone '{name}'. Did you mean {guess}?"


def _closest(wanted: str) -> str | None:
    if len(wanted) <= LONGEST_ABBREVIATION:
        return None
    names = sorted(_zone_names(), key=lambda zone: (zone.count("/") == 0, zone))
    by_spelling: dict[str, str] = {}
    for zone in names:
        by_spelling.setdefault(zone.lower(), zone)
        # People type the city alone.
        by_spelling.setdefault(zone.rsplit("/", 1)[-1].lower(), zone)
    matches = get_close_matches(wanted, by_spelling, n=1, cutoff=0.7)
    return by_spelling[matches[0]] if matches else None
