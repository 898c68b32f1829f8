"""When a market trades: which candles to expect, and how much trading an interval of time holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from prices.exchanges import EXCHANGES, Exchange, Instants, Stretches, read_stretches
from prices.models import Instrument
from prices.venues.base import EPOCH, LENGTHS, floor_to

A_DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


class Sessions(Protocol):
    """The hours of a market.

    Candles open at whole intervals in UTC, counted from 1970; that of a day at midnight (UTC) of
    the date of its session, for in UTC all the sessions known here lie within their date.

    never_closes  there is but one session, and it has no end
    """

    never_closes: bool

    def __hash__(self) -> int: ...

    def openings(self, interval: str, since: datetime, until: datetime) -> Instants:
        """Return when the candles open that are to be expected in [since, until), in order."""

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        """Return how much trading lies in [since, until); nothing if that ends before it begins."""

    def ends_at(self, interval: str, opened_at: datetime) -> datetime:
        """Return when a candle is over: that of a day when its session closes."""

    def over_until(self, interval: str, now: datetime) -> datetime:
        """Return the instant before which all candles have opened that are over at `now`."""

    def length(self, interval: str) -> timedelta:
        """Return how much trading a candle holds as a rule."""


def sessions_of(instrument: Instrument) -> Sessions:
    return sessions_at(instrument.venue, instrument.market)


@cache
def sessions_at(venue: str, market: str) -> Sessions:
    """Return the sessions of a market. One that is not listed in `prices.exchanges` never closes.

    The first call for an exchange may take seconds, see `exchanges.read_stretches`.
    """
    exchange = EXCHANGES.get(venue, {}).get(market)
    return _trading(exchange) if exchange else ROUND_THE_CLOCK


class RoundTheClock:
    """Trading that never stops."""

    never_closes = True

    def openings(self, interval: str, since: datetime, until: datetime) -> Instants:
        length = LENGTHS[interval]
        first = -((EPOCH - since) // length)
        after = -((EPOCH - until) // length)
        numbers = np.arange(first, max(first, after), dtype=np.int64)
        return (numbers * (length // MICROSECOND)).view("datetime64[us]")

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        return max(timedelta(), until - since)

    def ends_at(self, interval: str, opened_at: datetime) -> datetime:
        return opened_at + LENGTHS[interval]

    def over_until(self, interval: str, now: datetime) -> datetime:
        return floor_to(LENGTHS[interval], now)

    def length(self, interval: str) -> timedelta:
        return LENGTHS[interval]


class Trading:
    """Trading in stretches: sessions of a day, some with a break at noon."""

    never_closes = False

    def __init__(self, stretches: Stretches) -> None:
        self._starts = stretches.starts.astype(np.int64)
        self._ends = stretches.ends.astype(np.int64)
        self._days, firsts, counts = np.unique(
            stretches.days, return_index=True, return_counts=True
        )
        self._closes = self._ends[firsts + counts - 1]
        lengths = self._ends - self._starts
        self._before = np.concatenate([[0], np.cumsum(lengths)])  # trading before each stretch
        self._usual = int(lengths[firsts[-1] :].sum())  # far ahead: no half day, no old hours

    def openings(self, interval: str, since: datetime, until: datetime) -> Instants:
        if interval == "1d":
            days = self._days.astype("datetime64[us]")
            low, high = np.searchsorted(days, [_numpy(since), _numpy(until)])
            return days[low:high]
        length = LENGTHS[interval] // MICROSECOND
        first, after = _us(since), _us(until)
        low = np.searchsorted(self._ends, first, side="right")
        high = np.searchsorted(self._starts, after)
        starts, ends = self._starts[low:high], self._ends[low:high]
        return _within(_grid(starts, ends, length), first, after).view("datetime64[us]")

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        begun, done = self._traded_until(_us(since)), self._traded_until(_us(until))
        return max(0, done - begun) * MICROSECOND

    def ends_at(self, interval: str, opened_at: datetime) -> datetime:
        if interval != "1d":
            return opened_at + LENGTHS[interval]
        closes_at = self._closes_at(opened_at.astimezone(UTC).date())
        return closes_at or opened_at + A_DAY

    def over_until(self, interval: str, now: datetime) -> datetime:
        if interval != "1d":
            return floor_to(LENGTHS[interval], now)
        today = floor_to(A_DAY, now)
        closes_at = self._closes_at(today.date())
        return today + A_DAY if closes_at and closes_at <= now else today

    def length(self, interval: str) -> timedelta:
        usual = self._usual * MICROSECOND
        return usual if interval == "1d" else min(usual, LENGTHS[interval])

    def _closes_at(self, day: date) -> datetime | None:
        place = int(np.searchsorted(self._days, np.datetime64(day)))
        if place == len(self._days) or self._days[place] != np.datetime64(day):
            return None
        return EPOCH + int(self._closes[place]) * MICROSECOND

    def _traded_until(self, at: int) -> int:
        place = int(np.searchsorted(self._starts, at, side="right"))
        if place == 0:
            return 0
        unfinished = max(0, int(self._ends[place - 1]) - at)
        return int(self._before[place]) - unfinished


ROUND_THE_CLOCK = RoundTheClock()


_TRADING: dict[Exchange, Trading] = {}
_LOCK = Lock()  # threads that collect come at once, and the library need not be asked by each


def _trading(exchange: Exchange) -> Trading:
    """Return the sessions of an exchange, once for all of its markets."""
    with _LOCK:
        if exchange not in _TRADING:
            _TRADING[exchange] = Trading(read_stretches(exchange))
        return _TRADING[exchange]


def _grid(starts: NDArray[np.int64], ends: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return the whole intervals that each [start, end) touches, each once."""
    firsts = starts // length
    counts = -(-ends // length) - firsts
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    numbers: NDArray[np.int64] = (
        np.repeat(firsts, counts) + within
    )  # in order: a break may lie within an interval
    distinct: NDArray[np.int64] = numbers[np.diff(numbers, prepend=-1) > 0]
    return distinct * length


def _within(values: NDArray[np.int64], first: int, after: int) -> NDArray[np.int64]:
    low, high = np.searchsorted(values, [first, after])
    return values[low:high]


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _numpy(at: datetime) -> np.datetime64:
    return np.datetime64(_us(at), "us")
