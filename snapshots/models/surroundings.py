"""What an account's source works in, as this installation has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from prices.gate import DatabaseGate
from prices.venues.base import Gate
from prices.venues.caller import Address, Chance
from snapshots.models.entered import EnteredPosition
from snapshots.models.known_prices import find_price
from snapshots.models.login import StoredLogin
from snapshots.models.queue import DatabaseQueue
from snapshots.models.upload import Upload
from snapshots.sources.surroundings import Surroundings

if TYPE_CHECKING:
    from snapshots.models.account import Account


def surroundings_of(account: Account, chance: Chance | None = None) -> Surroundings:
    chance = chance or Chance()
    return Surroundings(
        data_dir=Path(settings.DATA_DIR),
        currency=account.currency,
        timezone=account.timezone,
        login=StoredLogin(account, chance),
        queue=DatabaseQueue(chance),
        open_gate=open_gate,
        address_of=address_of,
        newest_file=lambda: Upload.objects.newest_read(account),
        entered=lambda: EnteredPosition.objects.of(account),
        find_price=lambda venue, venue_id, max_age: find_price(
            venue, venue_id, now=chance.now(), max_age=max_age
        ),
        chance=chance,
    )


def open_gate(venue: str, key: str, calls_per_second: Mapping[str, float]) -> Gate:
    return DatabaseGate(venue, key, calls_per_second)


def address_of(name: str) -> Address:
    """Return where a source is, by the name of its setting without _URL."""
    return Address(
        url=getattr(settings, f"{name}_URL"),
        connect_timeout=settings.VENUE_CONNECT_TIMEOUT,
        read_timeout=settings.VENUE_READ_TIMEOUT,
    )
