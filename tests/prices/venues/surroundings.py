"""What a venue is tested in: a clock that only sleeping moves, and a gate in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from prices.venues.access_tokens import IssuedToken
from prices.venues.base import Banned
from prices.venues.caller import Address, Chance
from vault.secret import Secret

NOW = datetime(2026, 3, 11, 14, 40, 59, tzinfo=UTC)
BAN = timedelta(minutes=5)  # if the venue does not say how long


class Clock:
    """Time stands still unless somebody sleeps."""

    def __init__(self) -> None:
        self.time = NOW
        self.slept = 0.0  # s

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.time += timedelta(seconds=seconds)

    @property
    def chance(self) -> Chance:
        """The worst dice: pauses are as long as they get."""
        return Chance(now=self.now, sleep=self.sleep, random=lambda: 1.0)


class MemoryGate:
    """Lets everybody pass at once, except while it is held or the venue has banned us."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.passed: list[str] = []
        self.costs: list[float] = []
        self.holds: list[tuple[str, timedelta]] = []
        self.held_until = self.banned_until = datetime.min.replace(tzinfo=UTC)

    def pass_through(self, group: str, cost: float = 1.0) -> None:
        if self.clock.now() < self.banned_until:
            raise Banned("Banned.", until=self.banned_until)
        self.clock.sleep(max(0.0, (self.held_until - self.clock.now()).total_seconds()))
        self.passed.append(group)
        self.costs.append(cost)

    def hold(self, group: str, until: datetime) -> None:
        self.holds.append((group, until - self.clock.now()))
        self.held_until = max(self.held_until, until)

    def ban(self, until: datetime | None, reason: str) -> datetime:
        self.banned_until = until or self.clock.now() + BAN
        return self.banned_until


class MemoryTokens:
    """Keeps a token until it is refused."""

    def __init__(self) -> None:
        self.token: Secret | None = None
        self.refused: list[str] = []

    def current(self, ask: Callable[[], IssuedToken]) -> Secret:
        self.token = self.token or ask().token
        return self.token

    def refuse(self, token: Secret) -> None:
        self.refused.append(token.reveal())
        self.token = None


def address_of(url: str, *, read_timeout: float = 5.0) -> Address:
    return Address(url=url, connect_timeout=2.0, read_timeout=read_timeout)
