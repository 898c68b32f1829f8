"""The contract of a source: it fetches and returns plain records, and saves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal, Protocol

Kind = Literal["coin", "currency", "commodity", "other"]
Reliability = Literal["ok", "doubtful"]

# What fits the columns of a position; longer text is refused at the edge, never cut.
MAX_TICKER = 64
MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An amount of one thing in one place.

    ticker    the venue's own spelling: SOL2 stays SOL2
    location  exchange or wallet; empty = the source does not tell
    amount    units; negative for what is owed
    price     statement currency per unit; None = the source does not tell
    value     statement currency; None = the source has no price for it
    part      name of the part that told it; empty = the statement has one only
    priced_at        when the price was so, aware UTC; None = as of the statement
    native_currency  what it trades in, where that is not the statement's currency
    native_price     per unit, in that currency
    cost             what all of it cost, as the source says; None = it does not tell
    """

    ticker: str
    kind: Kind
    amount: Decimal
    value: Decimal | None
    name: str = ""
    location: str = ""
    price: Decimal | None = None
    part: str = ""
    priced_at: datetime | None = None
    native_currency: str = ""
    native_price: Decimal | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One of the answers that a statement is made of: a file, a page, an exchange.

    error  what keeps it from being all that it should be; empty if it is
    """

    name: str
    is_ok: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a source says an account holds.

    positions    all of them, cash included
    currency     of all prices and values
    as_of        the instant the amounts are from, aware UTC; not when the source was asked
    reliability  doubtful = the source itself says that its numbers may be wrong
    doubt        what it says about it, in its own words; empty if it is ok
    total        what the source says that all is worth; None = it does not tell
    """

    positions: tuple[Position, ...]
    parts: tuple[Part, ...]
    currency: str
    as_of: datetime
    reliability: Reliability = "ok"
    doubt: str = ""
    total: Decimal | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether each part answered, and the source stands by what it said."""
        answered = bool(self.parts) and all(part.is_ok for part in self.parts)
        return answered and self.reliability == "ok"

    @property
    def cash(self) -> tuple[Position, ...]:
        """The positions that are money."""
        return tuple(position for position in self.positions if position.kind == "currency")


class Source(Protocol):
    """One account at a source, ready to be asked.

    Its class has `credential`: what it wants to know of who asks, by name, with a label for
    people. The first is the one that may be shown in part. Empty = nothing.
    """

    credential: ClassVar[Mapping[str, str]]

    def fetch(self) -> Statement:
        """Return what the account holds; a part that failed is in `parts`.

        Raise SourceUnavailable if there is no answer, or InvalidStatement if it cannot be
        read as a whole. No positions = the source answered that there are none.
        """


class SourceError(Exception):
    """Base class of what keeps a source from answering. Do not raise directly.

    The message says what is wrong, where, and what would be right.
    """


class UnknownSource(SourceError):
    """No source of this name is built in."""


class InvalidSettings(SourceError):
    """The account's settings do not tell the source what it needs."""


class SourceUnavailable(SourceError):
    """The source did not answer; it may the next time."""


class BudgetSpent(SourceUnavailable):
    """So many calls were made within the hour that the source takes no more."""


class CredentialMissing(SourceError):
    """The source wants to know who asks, and the account has no credential for it."""


class CredentialRefused(SourceError):
    """The source lets nobody in with this credential: nobody tries again until it is another."""


class InvalidStatement(SourceError):
    """The source answered what cannot be read without guessing."""
