"""Collect one series: ask for what is missing, keep each answer as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from prices.collection.planning import Plan
from prices.gaps import Window, find_gaps
from prices.sessions import sessions_of
from prices.store import (
    OVERLAP,
    Series,
    Written,
    answered_until,
    find_rewriting,
    forget,
    known_since,
    write_candles,
)
from prices.venues.base import CandleQuery, Venue, VenueCandle, VenueError

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The run was told to stop; what it has written stays."""


@dataclass(slots=True)
class Gathering:
    """What became of one series.

    written       candles, also those before an error
    calls         answers that came in
    is_complete   nothing was missing, so nobody was asked
    is_rewritten  the venue had multiplied its history, which was asked for again
    error         why it is not whole; empty = it is
    cause         what the venue raised, if that is why
    was_tried     False = the venue was closed, or the run stopped, before its turn came
    gaps          windows that are still missing
    """

    series: Series
    written: Written = field(default_factory=Written)
    calls: int = 0
    is_complete: bool = False
    is_rewritten: bool = False
    error: str = ""
    cause: VenueError | None = None
    was_tried: bool = False
    gaps: int = 0


def collect_series(
    venue: Venue, gathering: Gathering, plan: Plan, should_stop: Callable[[], bool]
) -> None:
    """Ask `venue` for what is missing of a series, and write it; count in `gathering`.

    The newest gap comes first, with OVERLAP final candles from before it: if they were multiplied,
    the whole series is forgotten and asked for again. Raise VenueError, InvalidCandle or Stopped;
    what was written before stays, and coverage says what is missing.
    """
    series = gathering.series
    since = plan.since(series)
    windows = missing(series, plan, since)
    gathering.is_complete = not windows
    filling = _Filling(venue, gathering, plan, should_stop)
    if not filling.fill_all(windows):
        return
    gathering.is_rewritten = True
    forget(series)
    filling.fill_all(missing(series, plan, min(since, known_since(series) or since)))


def missing(series: Series, plan: Plan, since: datetime | None = None) -> list[Window]:
    """Return what is missing of the plan's window, in order: nothing of what is not over yet.

    since  where the window begins, if not where the plan says
    """
    since, over = since or plan.since(series), over_until(series, plan)
    return find_gaps(series, since, over) if since < over else []


def over_until(series: Series, plan: Plan) -> datetime:
    """Return the instant before which all candles have opened that are wanted and can be final."""
    over = sessions_of(series.instrument).over_until(plan.interval, plan.until)
    return min(over, answered_until(series) or over) if plan.is_whole else over


@dataclass(frozen=True, slots=True)
class _Filling:
    venue: Venue
    gathering: Gathering
    plan: Plan
    should_stop: Callable[[], bool]

    def fill_all(self, windows: list[Window]) -> bool:
        """Return whether the history was rewritten; then the rest of the windows is left."""
        return any(self._fill(*window) is not None for window in reversed(windows))

    def _fill(self, starts_at: datetime, ends_at: datetime) -> Decimal | None:
        """Write what the venue has; return the factor by which it has rewritten what was before."""
        series, plan = self.gathering.series, self.plan
        is_newest = ends_at >= over_until(series, plan)
        query = CandleQuery(
            venue_id=series.instrument.venue_id,
            interval=series.interval,
            since=_overlapped(series, starts_at),
            # With the candle that is not over yet.
            until=plan.until if is_newest and not plan.is_whole else ends_at,
        )
        before: list[VenueCandle] = []
        asked_at, began = plan.until, time.monotonic()
        for page in self.venue.candles(query):
            took = time.monotonic() - began
            self.gathering.calls += 1
            asked_at = page.asked_at
            before[:0] = [candle for candle in page.candles if candle.opened_at < starts_at]
            wanted = [candle for candle in page.candles if candle.opened_at >= starts_at]
            self._write(wanted, asked_at, (max(page.since, starts_at), page.until))
            self._rest(took)
            began = time.monotonic()
        factor = find_rewriting(series, before)
        if factor is not None:
            logger.warning(
                "%s: the venue has multiplied its %s candles by %s; all are asked for again.",
                series.instrument, series.interval, f"{factor:.6g}",
            )  # fmt: skip
        elif before:
            self._write(before, asked_at, None)
        return factor

    def _write(self, candles: list[VenueCandle], at: datetime, asked: Window | None) -> None:
        series = self.gathering.series
        self.gathering.written += write_candles(series, candles, fetched_at=at, asked=asked)

    def _rest(self, took: float) -> None:
        if self.should_stop():
            raise Stopped
        time.sleep(rest_after(took, self.plan.share, max(self.venue.calls_per_second.values())))


def rest_after(took: float, share: float, calls_per_second: float) -> float:
    """Return the seconds for which to leave the venue to others after an answer.

    took  seconds, waiting for the turn included: who shares with many rests for longer
    """
    return (1 / share - 1) * max(took, 1 / calls_per_second)


def _overlapped(series: Series, starts_at: datetime) -> datetime:
    """Return where OVERLAP final candles begin that end at `starts_at`; that itself if none do."""
    until = answered_until(series, starts_at)
    if until is None or find_gaps(series, until, starts_at):
        return starts_at
    final = series.newest_final(starts_at, OVERLAP)
    return final[-1] if final else starts_at
