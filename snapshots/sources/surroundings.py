"""What a source works in, beside an account's settings: keys, files, prices, whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from prices.venues.base import Gate
from prices.venues.caller import Address, Chance
from snapshots.sources.base import Position, Source
from vault.secret import Secret

# Names the calls that are counted together: venue, mark of the key, calls per second by group.
OpensGate = Callable[[str, str, Mapping[str, float]], Gate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a source gives for a login: a token to ask with, and one to get the next pair with.

    access_until, refresh_until  when they end, aware UTC
    verifier                     what proves that we are the one who began the login
    """

    access_token: Secret
    access_until: datetime
    refresh_token: Secret
    refresh_until: datetime
    verifier: Secret


class Login(Protocol):
    """The credential of one account, as it is stored."""

    def fields(self) -> Mapping[str, Secret]:
        """Return what was set. Raise CredentialMissing, or CredentialRefused."""

    def refuse(self, reason: str) -> None:
        """Let nobody use this credential again before it is set anew."""

    def hide(self, text: str) -> str:
        """Return the text without what is secret: a source may quote what it was sent."""

    def session(self) -> Session:
        """Return the session as it is now. Raise CredentialMissing, or CredentialRefused."""

    def renewed(self, old: Session, renew: Callable[[Session], Session]) -> Session:
        """Return a session that is newer than `old`; of all who want one, one calls `renew`.

        Raise what `renew` raises, or SourceUnavailable if another one does not come to an end.
        """


class Queue(Protocol):
    """Where all who use one key wait for their turn, whatever job, process or host they are."""

    def turn(self, source: str, key: str, *, per_hour: int) -> AbstractContextManager[int]:
        """Wait, and enter as the only one; the number is higher than all that were given.

        key       a mark of the key, never the key itself
        per_hour  how many turns there are within any sixty minutes

        Raise BudgetSpent if there is no turn left, SourceUnavailable if nobody may call.
        """

    def ban(self, source: str, key: str, until: datetime, reason: str) -> None:
        """Let nobody have a turn before `until`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that somebody uploaded. `received_at` is when it came first."""

    name: str
    data: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPrice:
    """What one unit was worth, and when that was so."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a source works in.

    data_dir   where relative paths start
    currency   of the account
    timezone   of the account
    newest_file     the upload that is to be read; None = there is none
    entered         positions that somebody wrote down, and when; None = there are none
    find_price      of a venue's instrument, not older than so much; None = not known
    """

    data_dir: Path
    currency: str
    timezone: str
    login: Login
    queue: Queue
    open_gate: OpensGate
    address_of: Callable[[str], Address]
    newest_file: Callable[[], StoredFile | None]
    entered: Callable[[], tuple[tuple[Position, ...], datetime] | None]
    find_price: Callable[[str, str, timedelta], KnownPrice | None]
    chance: Chance

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Configured(Protocol):
    """The class of a source: how one is made from an account's settings."""

    credential: Mapping[str, str]

    def configured(self, settings: Mapping[str, Any], around: Surroundings) -> Source:
        """Return the source that an account's `settings` describe; it asks nobody yet.

        Raise InvalidSettings if something is missing or wrong.
        """
