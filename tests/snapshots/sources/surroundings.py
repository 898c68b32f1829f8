"""What sources are tested in: keys in memory, a queue that lets everybody in, made-up prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prices.venues.caller import Address, Chance
from snapshots.sources.base import CredentialMissing, CredentialRefused
from snapshots.sources.surroundings import Session, StoredFile, Surroundings
from tests.prices.venues.surroundings import Clock, MemoryGate
from vault.secret import Secret

NOW = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


class MemoryLogin:
    """Values that a test gives; what is refused stays refused."""

    def __init__(self, session: Session | None = None, **values: str) -> None:
        self.values = values
        self.refusal = ""
        self.kept = session

    def fields(self) -> Mapping[str, Secret]:
        if not self.values:
            raise CredentialMissing("Set the credential.")
        if self.refusal:
            raise CredentialRefused(self.refusal)
        return {name: Secret(value) for name, value in self.values.items()}

    def refuse(self, reason: str) -> None:
        self.refusal = reason

    def hide(self, text: str) -> str:
        for value in self.values.values():
            text = text.replace(value, "hidden")
        return text

    def session(self) -> Session:
        if self.refusal:
            raise CredentialRefused(self.refusal)
        if self.kept is None:
            raise CredentialMissing("Log in.")
        return self.kept

    def renewed(self, old: Session, renew: Callable[[Session], Session]) -> Session:
        self.kept = renew(self.session())
        return self.kept


class MemoryQueue:
    """Numbers in order, and what was banned."""

    def __init__(self) -> None:
        self.number = 0
        self.turns: list[int] = []
        self.bans: list[datetime] = []

    @contextmanager
    def turn(self, source: str, key: str, *, per_hour: int) -> Iterator[int]:
        self.number += 1
        self.turns.append(per_hour)
        yield self.number

    def ban(self, source: str, key: str, until: datetime, reason: str) -> None:
        self.bans.append(until)


def make_surroundings(data_dir: Path = Path(), *, url: str = "", **overrides: Any) -> Surroundings:
    """Return surroundings in which time stands still unless somebody sleeps."""
    clock = Clock()
    clock.time = NOW
    address = Address(url=url, connect_timeout=2.0, read_timeout=2.0)
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "currency": "USD",
        "timezone": "Europe/Zurich",
        "login": MemoryLogin(),
        "queue": MemoryQueue(),
        "open_gate": lambda venue, key, paces: MemoryGate(clock),
        "address_of": lambda name: address,
        "newest_file": lambda: None,
        "entered": lambda: None,
        "find_price": lambda venue, venue_id, max_age: None,
        "chance": Chance(now=clock.now, sleep=clock.sleep, random=lambda: 1.0),
    }
    return Surroundings(**(values | overrides))


def make_file(name: str, data: bytes, *, age: timedelta = timedelta(0)) -> StoredFile:
    return StoredFile(name=name, data=data, received_at=NOW - age)
