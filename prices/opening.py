"""Open a venue as the settings say."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from prices.gate import DatabaseGate
from prices.venues.base import Venue, VenueError
from prices.venues.caller import Address
from prices.venues.upbit import Upbit

VENUES: Mapping[str, type[Upbit]] = {"upbit": Upbit}


class UnknownVenue(VenueError):
    """No venue of this name is built in."""


def open_venue(name: str) -> Venue:
    """Return the venue `name`, behind the gate that everybody shares. Raise UnknownVenue."""
    if name not in VENUES:
        raise UnknownVenue(f"There is no venue {name!r}. Known: {', '.join(sorted(VENUES))}.")
    kind = VENUES[name]
    address = Address(
        url=settings.UPBIT_URL,
        connect_timeout=settings.VENUE_CONNECT_TIMEOUT,
        read_timeout=settings.VENUE_READ_TIMEOUT,
    )
    return kind(address, DatabaseGate(name, "", kind.calls_per_second))
