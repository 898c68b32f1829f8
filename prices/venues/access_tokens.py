"""What a venue gives for our keys, for a day: the contract of who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prices.venues.base import VenueError
from vault.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """An access token, as the venue gives it."""

    token: Secret
    expires_at: datetime


class TokenRefused(VenueError):
    """The venue takes this access token no more, or never did. Ask for another one, once."""


class AskedTooSoon(VenueError):
    """The venue gives no access token before `until`."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class AccessTokens(Protocol):
    """Keeps the one access token of our keys for all jobs, threads and processes."""

    def current(self, ask: Callable[[], IssuedToken]) -> Secret:
        """Return the token that everybody uses; call `ask` where there is none, one of us alone.

        Raise VenueError: what `ask` raises, or RateLimited if a token may only be asked for later.
        """

    def refuse(self, token: Secret) -> None:
        """Let nobody use this token again."""
