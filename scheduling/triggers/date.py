"""Fire once."""

from __future__ import annotations

from datetime import UTC, datetime

from apscheduler.triggers import date

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.base import Trigger
from scheduling.triggers.spec import FIRST_YEAR, LAST_YEAR, TriggerSpec, is_usable_year
from scheduling.triggers.wall_clock import OffsetChange, first_instant
from scheduling.triggers.zones import read_zone


class DateTrigger(Trigger, date.DateTrigger):
    """Fire once, at an instant or at a wall time of the zone."""

    def __init__(self, spec: TriggerSpec) -> None:
        """Read the spec. Raise InvalidTrigger if its expression or zone cannot be read."""
        self.spec = spec.in_utc()
        self.timezone = read_zone(spec.timezone)
        written = read_date(spec.expression)
        self._wall = written if written.tzinfo is None else None
        self.run_date: datetime = (
            first_instant(written, self.timezone)
            if written.tzinfo is None
            else written.astimezone(UTC)
        )

    def _next_after(self, instant: datetime) -> datetime | None:
        return self.run_date if self.run_date > instant else None

    def _wall_in(self, gap: OffsetChange) -> datetime | None:
        if self._wall is None:
            return None
        return self._wall if gap.start <= self._wall < gap.end else None


def read_date(expression: str) -> datetime:
    """Return an ISO 8601 date and time, naive if it names no offset.

    Raise InvalidTrigger if it is none.
    """
    try:
        written = datetime.fromisoformat(expression.strip())
    except ValueError as exc:
        raise _invalid(
            f"'{expression}' is no date and time ({exc}); write it as 2025-10-02T14:30, "
            "or 2025-10-02T14:30+02:00 with an offset."
        ) from exc
    if not is_usable_year(written):
        raise _invalid(
            f"The year of '{expression}' is out of range; use {FIRST_YEAR} to {LAST_YEAR}."
        )
    return written


def _invalid(message: str) -> InvalidTrigger:
    return InvalidTrigger({"expression": [message]})
