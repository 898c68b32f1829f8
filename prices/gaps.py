"""What is missing of a series, and can be asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from prices import store
from prices.arrays import read_arrays
from prices.sessions import Sessions, sessions_of
from prices.store import Series
from prices.venues.base import LENGTHS

Window = tuple[datetime, datetime]


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


def _missing(series: Series, sessions: Sessions, window: Window) -> list[Window]:
    expected = sessions.openings(series.interval, *window)
    if not len(expected):
        return []
    stored = read_arrays(series.instrument.pk, series.interval, *window).opened_at
    is_missing = ~np.isin(expected, stored)
    # Where a stretch of missing ones begins, and the first after it.
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_missing, [False]]).astype(np.int8)))
    return [
        (_instant(expected[first]), _instant(expected[after - 1]) + LENGTHS[series.interval])
        for first, after in zip(edges[::2], edges[1::2], strict=True)
    ]


def _instant(at: np.datetime64) -> datetime:
    return at.astype(datetime).replace(tzinfo=UTC)  # type: ignore[no-any-return]
