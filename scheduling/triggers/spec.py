"""What a trigger is made of, as rows and the API hold it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

# Instants in between can be moved to any zone without leaving Python's calendar.
FIRST_YEAR, LAST_YEAR = 1970, 9998


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """Say when a job fires. `build_trigger` turns it into something that counts.

    kind            "cron", "interval" or "date"
    expression      "*/15 7-23 * * *", "1h30m" or "2025-10-02T14:30"
    timezone        an IANA name, such as Europe/Zurich
    start_at        earliest fire time, inclusive; None = no bound
    end_at          latest fire time, inclusive; None = no bound
    jitter_seconds  delay that the engine may add to a fire time; no part of it
    anchor_at       interval only: where counting starts when start_at is None
    """

    kind: str
    expression: str
    timezone: str = "UTC"
    start_at: datetime | None = None
    end_at: datetime | None = None
    jitter_seconds: int = 0
    anchor_at: datetime | None = None

    def in_utc(self) -> TriggerSpec:
        """Return the same spec with its instants in UTC, so that equal specs pickle alike."""
        return replace(
            self,
            start_at=_in_utc(self.start_at),
            end_at=_in_utc(self.end_at),
            anchor_at=_in_utc(self.anchor_at),
        )

    def __reduce__(self) -> tuple[type[TriggerSpec], tuple[object, ...]]:
        # Pickles call the class, so that old ones take the default of a field added later.
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


def is_usable_year(instant: datetime) -> bool:
    """Tell if triggers can count with the year of an instant."""
    return FIRST_YEAR <= instant.year <= LAST_YEAR


def _in_utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)
