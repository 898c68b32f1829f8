"""What an account was worth in the past, as its source tells afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyValue:
    """What an account was worth at an instant, in its own currency.

    at     aware UTC; of a day without a time: its end
    flow   what came in on that day, less what went out; None = the source does not tell
    """

    at: datetime
    total: Decimal
    flow: Decimal | None


@runtime_checkable
class Historian(Protocol):
    """A source that tells of the past."""

    def history(self, since: datetime, until: datetime) -> Sequence[DailyValue]:
        """Return the values of [since, until), oldest first. Raise SourceError."""
