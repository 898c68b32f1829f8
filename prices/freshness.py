"""How late prices are, in time of trading: over a weekend no stock grows older."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from prices.models import Candle, Coverage, Instrument
from prices.sessions import Sessions, sessions_at

LEAST_GRACE = timedelta(minutes=10)  # a job that collects has to run first
STALE_AFTER = 3  # candles


class State(StrEnum):
    """fresh = all candles are there that could be; late = within three candles; stale = older."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How late one series is.

    known_until  what opened before it is known; None = nothing ever was
    late         trading since the next candle was over; half a candle is no lateness yet
    """

    state: State
    known_until: datetime | None = None
    late: timedelta = timedelta()


NEVER = Freshness(State.NEVER)


def read_freshness(
    instruments: QuerySet[Instrument], intervals: Iterable[str], *, now: datetime
) -> dict[int, dict[str, Freshness]]:
    """Return how late each instrument is in each interval, by id: one statement for all.

    A series is known until the end of what its venue has answered for, or of its newest final
    candle, whichever is later.
    """
    names = list(intervals)
    columns = {
        f"{kind}_{name}": Subquery(newest(name))
        for name in names
        for kind, newest in (("asked", _asked_until), ("candle", _newest_candle))
    }
    rows = instruments.order_by().annotate(**columns).values("pk", "venue", "market", *columns)
    judged = cache(_judged)  # thousands of series end at the same few instants
    return {
        row["pk"]: {
            name: judged(
                sessions_at(row["venue"], row["market"]),
                name,
                row[f"asked_{name}"],
                row[f"candle_{name}"],
                now,
            )
            for name in names
        }
        for row in rows.iterator()
    }


@dataclass(frozen=True, slots=True)
class Tally:
    """How many listed instruments of a venue are how late in an interval.

    Of those that nothing was ever answered for, only the tracked ones count.
    """

    venue: str
    interval: str
    counts: Mapping[State, int]


def tally_freshness(*, now: datetime) -> list[Tally]:
    """Count by venue and interval, of the intervals that a venue was ever asked for."""
    asked = Coverage.objects.order_by().values_list("instrument__venue", "interval").distinct()
    kept = sorted(asked)
    if not kept:
        return []
    listed = Instrument.objects.exclude(state=Instrument.State.DELISTED)
    found = read_freshness(listed, sorted({name for _, name in kept}), now=now)
    counts: dict[tuple[str, str], Counter[State]] = {key: Counter() for key in kept}
    for pk, venue, is_tracked in listed.order_by().values_list("pk", "venue", "is_tracked"):
        for name, freshness in found.get(pk, {}).items():
            counted = counts.get((venue, name))
            if counted is not None and (is_tracked or freshness.state != State.NEVER):
                counted[freshness.state] += 1
    return [Tally(venue, name, counts[venue, name]) for venue, name in kept]


def _judged(
    sessions: Sessions,
    interval: str,
    asked_until: datetime | None,
    newest: datetime | None,
    now: datetime,
) -> Freshness:
    ends = [asked_until, newest and sessions.ends_at(interval, newest)]
    known = [end for end in ends if end is not None]
    if not known:
        return NEVER
    length = sessions.length(interval)
    late = max(timedelta(), sessions.elapsed(max(known), now) - length)
    return Freshness(_state(late, length), max(known), late)


def _state(late: timedelta, length: timedelta) -> State:
    if late <= max(length / 2, LEAST_GRACE):
        return State.FRESH
    return State.LATE if late <= max(STALE_AFTER * length, 2 * LEAST_GRACE) else State.STALE


def _asked_until(interval: str) -> QuerySet[Coverage, Any]:
    windows = Coverage.objects.filter(instrument=OuterRef("pk"), interval=interval)
    return windows.order_by("-starts_at").values("ends_at")[:1]


def _newest_candle(interval: str) -> QuerySet[Candle, Any]:
    candles = Candle.objects.filter(instrument=OuterRef("pk"), interval=interval, is_final=True)
    return candles.order_by("-opened_at").values("opened_at")[:1]
