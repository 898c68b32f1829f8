"""For which time candles are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from prices.gaps import Window, find_gaps
from prices.sessions import sessions_of
from prices.store import Series
from prices.venues.base import LENGTHS, floor_to

ASKED_AGAIN = 3  # final candles: the last one, and two before it
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The time that candles are wanted for: what coverage has of it is not asked for.

    until           candles that open later are not wanted
    days_back       before `until`
    is_incremental  from the last final candle minus two instead, where there is one
    rest            seconds to wait after each answer, so that others take their turn
    """

    interval: str
    until: datetime
    days_back: int
    is_incremental: bool = False
    rest: float = 0.0

    def since(self, series: Series) -> datetime:
        """Return where the window begins: at the start of an interval."""
        since = self.until - timedelta(days=self.days_back)
        if self.is_incremental and (newest := series.newest_final(self.until, ASKED_AGAIN)):
            since = newest[-1]
        if listed_on := series.instrument.listed_on:
            listed_at = datetime.combine(listed_on, time(), UTC) - A_DAY  # whatever its zone is
            since = max(since, listed_at)
        return floor_to(LENGTHS[self.interval], since)

    def over_until(self, series: Series) -> datetime:
        """Return the instant before which all candles have opened that can be final."""
        return sessions_of(series.instrument).over_until(self.interval, self.until)

    def gaps(self, series: Series, since: datetime | None = None) -> list[Window]:
        """Return what is missing of the window, in order."""
        since = since or self.since(series)
        over = self.over_until(series)
        return find_gaps(series, since, over) if since < over else []
