"""What every trigger can do."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from scheduling.triggers.spec import TriggerSpec
from scheduling.triggers.wall_clock import SECOND, TICK, OffsetChange, gap_ending_at


class Trigger(BaseTrigger):
    """Count fire times. The same spec gives the same fire times, whoever asks and when.

    Fire times are aware UTC, without jitter, and never before start_at or after end_at.
    """

    spec: TriggerSpec
    timezone: ZoneInfo

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first fire time strictly after `instant`, None if there is none."""
        if instant.tzinfo is None:
            raise ValueError("next_after() needs an aware datetime.")
        # Python reckons by the wall clock between two times of one zone, so reckon in UTC.
        instant = instant.astimezone(UTC)
        start, end = self.spec.start_at, self.spec.end_at
        try:
            if start is not None and instant < start:
                instant = start - TICK
            found = self._next_after(instant)
        except OverflowError:  # past the year 9999
            return None
        return None if found is None or (end is not None and found > end) else found

    def last_until(self, after: datetime, until: datetime) -> datetime | None:
        """Return the latest fire time in (after, until], None if there is none."""
        after, until = after.astimezone(UTC), until.astimezone(UTC)
        span = until - after
        # Most triggers fired not long ago: look back a second, then two, then four.
        window = SECOND
        found = self._first_in(until - min(window, span), until)
        while found is None and window < span:
            window *= 2
            found = self._first_in(until - min(window, span), until)
        return None if found is None else self._last_from(found, until)

    def fire_times(self, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """Return at most `limit` fire times in (after, until], oldest first."""
        found: list[datetime] = []
        for _ in repeat(None, limit):
            fire_time = self._first_in(after, until)
            if fire_time is None:
                break
            found.append(fire_time)
            after = fire_time
        return found

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Answer APScheduler: the fire time after the previous one, else the first from `now`."""
        return self.next_after(previous_fire_time or now.astimezone(UTC) - TICK)

    def moved_from(self, fire_time: datetime) -> datetime | None:
        """Return the wall time that a gap moved to this fire time, None if none was moved."""
        gap = gap_ending_at(fire_time.astimezone(UTC), self.timezone)
        return None if gap is None else self._wall_in(gap)

    @abstractmethod
    def _next_after(self, instant: datetime) -> datetime | None:
        """Return the first fire time after `instant`, whatever start_at and end_at are."""

    @abstractmethod
    def _wall_in(self, gap: OffsetChange) -> datetime | None:
        """Return the first wall time of the trigger that the gap swallows and moves."""

    def _first_in(self, after: datetime, until: datetime) -> datetime | None:
        found = self.next_after(after)
        return None if found is None or found > until else found

    def _last_from(self, found: datetime, until: datetime) -> datetime:
        # Halves the time between a fire time and `until`, till nothing fires between them.
        while (later := self._first_in(found, until)) is not None:
            middle = later + (until - later) // 2
            beyond = self._first_in(middle, until)
            if beyond is None:
                found, until = later, middle
            else:
                found = beyond
        return found

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.spec == self.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __reduce__(self) -> tuple[Any, ...]:
        # The spec alone: a pickle then outlives every change of how triggers count.
        return type(self), (self.spec,)

    def __str__(self) -> str:
        return f"{self.spec.kind}[{self.spec.expression}]"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec.expression!r} in {self.spec.timezone}>"
