"""What is missing of a series, and can be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from prices import store
from prices.arrays import read_arrays
from prices.exchanges import Instants
from prices.sessions import Sessions, sessions_of
from prices.store import Series
from prices.venues.base import LENGTHS

Window = tuple[datetime, datetime]
A_MONTH = timedelta(days=30)  # each has a session


def find_gaps(series: Series, starts_at: datetime, ends_at: datetime) -> list[Window]:
    """Return the windows within [starts_at, ends_at) of which candles are missing, in order.

    A window that the venue has answered for is no gap, whatever it had. Where trading never stops
    all others are gaps. Where there are sessions only those are that should have a candle and
    have none: not a weekend, and not what was imported from a file.

    ends_at  not after `Sessions.over_until`: a candle that is not over cannot be missing
    """
    windows = store.gaps(series, starts_at, ends_at)
    sessions = sessions_of(series.instrument)
    if sessions.never_closes:
        return windows
    return [gap for window in windows for gap in _missing(series, sessions, window)]


def _missing(series: Series, sessions: Sessions, window: Window) -> Iterator[Window]:
    """Yield what is missing within a window that nobody asked about.

    Before the first stored candle, and after the last one, all are: they are not counted through,
    for it may be decades of minutes.
    """
    since, until = window
    stored = read_arrays(series.instrument.pk, series.interval, since, until).opened_at
    if not len(stored):
        yield from _whole(series, sessions, window)
        return
    first, last = _instant(stored[0]), _instant(stored[-1])
    after = last + LENGTHS[series.interval]
    yield from _whole(series, sessions, (since, first))
    expected = sessions.openings(series.interval, first, after)
    is_missing = ~np.isin(expected, stored)
    # Where a stretch of missing ones begins, and the first after it.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_missing, [False]]).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield _instant(expected[start]), _instant(expected[end - 1]) + LENGTHS[series.interval]
    yield from _whole(series, sessions, (after, until))


def _whole(series: Series, sessions: Sessions, window: Window) -> Iterator[Window]:
    """Yield the window from its first to its last candle to expect; nothing if it has none."""
    since, until = window
    starts = (since + number * A_MONTH for number in range(-((since - until) // A_MONTH)))
    months = [(start, min(until, start + A_MONTH)) for start in starts]
    first, last = _openings(series, sessions, months), _openings(series, sessions, months[::-1])
    if len(first):
        yield _instant(first[0]), _instant(last[-1]) + LENGTHS[series.interval]


def _openings(series: Series, sessions: Sessions, windows: Iterable[Window]) -> Instants:
    """Return the openings within the first of the windows that has some; none if none has."""
    found: Instants = np.array([], "datetime64[us]")
    for window in windows:
        found = sessions.openings(series.interval, *window)
        if len(found):
            break
    return found


def _instant(at: np.datetime64) -> datetime:
    return at.astype(datetime).replace(tzinfo=UTC)  # type: ignore[no-any-return]
