"""Several threads that collect the series of one venue, each with a connection of its own."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Lock

from django.db import connections

from prices.collection.filling import Gathering, Stopped, collect_series, missing
from prices.collection.planning import Plan
from prices.opening import open_venue
from prices.store import InvalidCandle, Series
from prices.venues.base import (
    Banned,
    KeysMissing,
    KeysRefused,
    NotOffered,
    RateLimited,
    UnderMaintenance,
    Venue,
    VenueError,
    VenueUnavailable,
)

# What is true of the venue, not of one instrument: nobody asks it any more in this run.
ENDING = (Banned, KeysMissing, KeysRefused, RateLimited, UnderMaintenance)
STOPPED, UNTRIED = "The run was stopped.", "Not tried: the run was stopped."
NOT_TRIED = (STOPPED, UNTRIED)
AWAY_AFTER = 8  # instruments in a row that it did not answer for: then it is away


@dataclass(slots=True)
class Crew:
    """Collects the series of one venue.

    on_done  is called after each series, by any thread, one at a time
    ended    why the venue was asked no more; None = it was asked for all
    """

    venue: str
    plan: Plan
    should_stop: Callable[[], bool]
    on_done: Callable[[Gathering], None]
    ended: VenueError | None = None
    _left: deque[Gathering] = field(default_factory=deque)
    _unanswered: int = 0
    _lock: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)

    def collect(self, wanted: Iterable[Series], *, threads: int) -> list[Gathering]:
        """Return what became of each series, in the order that they came in."""
        gatherings = [Gathering(series) for series in wanted]
        self._left.extend(gatherings)
        count = max(1, min(threads, len(gatherings)))
        with ThreadPoolExecutor(count, thread_name_prefix=f"collect-{self.venue}") as pool:
            # In a copy of the context, so that their log lines belong to the run.
            futures = [
                pool.submit(contextvars.copy_context().run, self._work) for _ in range(count)
            ]
            for future in futures:
                future.result()
        for gathering in gatherings:
            self._settle(gathering)
        return gatherings

    def _work(self) -> None:
        is_well = False
        try:
            with closing(open_venue(self.venue)) as venue:
                self._refuse_other_intervals(venue)
                while gathering := self._next():
                    self._collect_one(venue, gathering)
            is_well = True
        except VenueError as exc:
            self._end(exc)
            is_well = True
        finally:
            if not is_well:  # a bug, or a database that is away: the others need not go on
                self._stop.set()
            connections.close_all()

    def _refuse_other_intervals(self, venue: Venue) -> None:
        known = venue.abilities.intervals
        if self.plan.interval not in known:
            has = ", ".join(sorted(known))
            raise NotOffered(f"{self.venue} has no candles of {self.plan.interval}, only {has}.")

    def _next(self) -> Gathering | None:
        with self._lock:
            if self.ended or self._stop.is_set() or self.should_stop() or not self._left:
                return None
            gathering = self._left.popleft()
            gathering.was_tried = True
            return gathering

    def _collect_one(self, venue: Venue, gathering: Gathering) -> None:
        try:
            collect_series(venue, gathering, self.plan, self.should_stop)
            self._unanswered = 0
        except Stopped:
            gathering.error = STOPPED
        except InvalidCandle as exc:
            gathering.error = str(exc)
        except VenueError as exc:
            gathering.error, gathering.cause = str(exc), exc
            self._judge(exc)
        with self._lock:
            self.on_done(gathering)

    def _judge(self, error: VenueError) -> None:
        """End the round if it is not the instrument's fault."""
        is_unanswered = isinstance(error, VenueUnavailable)
        self._unanswered = self._unanswered + 1 if is_unanswered else 0
        if isinstance(error, ENDING) or self._unanswered >= AWAY_AFTER:
            self._end(error)

    def _end(self, error: VenueError) -> None:
        with self._lock:
            self.ended = self.ended or error

    def _settle(self, gathering: Gathering) -> None:
        if not gathering.was_tried:
            gathering.error = f"Not tried: {self.ended}" if self.ended else UNTRIED
            gathering.cause = self.ended
        if gathering.error:
            gathering.gaps = len(missing(gathering.series, self.plan))
