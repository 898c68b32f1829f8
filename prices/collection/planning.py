"""For which time candles are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from prices.store import Series, known_since
from prices.venues.base import LENGTHS, floor_to

ASKED_AGAIN = 3  # final candles: the last one, and two before it
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The time that candles are wanted for: what coverage has of it is not asked for.

    until           candles that open later are not wanted
    days_back       before `until`
    is_incremental  from the last final candle minus two instead, where there is one
    is_whole        from where the series begins instead, to where it was answered last
    share           of the venue's calls that are taken at most, by each thread
    """

    interval: str
    until: datetime
    days_back: int
    is_incremental: bool = False
    is_whole: bool = False
    share: float = 1.0

    def since(self, series: Series) -> datetime:
        """Return where the window begins: at the start of an interval."""
        if self.is_whole:
            return known_since(series) or self.until
        since = self.until - timedelta(days=self.days_back)
        if self.is_incremental and (newest := series.newest_final(self.until, ASKED_AGAIN)):
            since = newest[-1]
        if listed_on := series.instrument.listed_on:
            listed_at = datetime.combine(listed_on, time(), UTC) - A_DAY  # whatever its zone is
            since = max(since, listed_at)
        return floor_to(LENGTHS[self.interval], since)
