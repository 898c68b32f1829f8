"""The contract of a venue: it fetches and returns plain records, and saves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

Kind = Literal["crypto", "stock", "fund", "note", "fx", "other"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTHS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a venue can do.

    intervals         of the candles that it has
    needs_keys        candles are told only to those who have keys; the list may be for everybody
    has_quote_volume  candles say what their volume was worth
    has_sessions      trading begins and ends; False = it never stops
    skips_quiet       there is no candle where nothing was traded
    has_last_prices   one call tells the last price of all instruments
    rows_per_call     candles in one answer, at most
    """

    intervals: frozenset[str]
    needs_keys: bool
    has_quote_volume: bool
    has_sessions: bool
    skips_quiet: bool
    has_last_prices: bool
    rows_per_call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFundamentals:
    """What a venue says of a company; None = it does not tell.

    All in the quote currency, but for the shares, and `roe`, in percent.

    fiscal_period  what sales and profits cover, as the venue writes it; empty = it has none
    """

    fiscal_period: str = ""
    market_cap: Decimal | None = None
    listed_shares: Decimal | None = None
    capital: Decimal | None = None
    face_value: Decimal | None = None
    sales: Decimal | None = None
    operating_profit: Decimal | None = None
    ordinary_profit: Decimal | None = None
    net_income: Decimal | None = None
    roe: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedInstrument:
    """An instrument as a venue lists it.

    venue_id        the venue's own id, always text: KRW-BTC, 005930
    market          the part of the venue that it trades in: KRW, KOSPI
    symbol          our name of it: BTC/KRW
    name            in English, where the venue has one, else as the local name
    local_name      in the venue's language; empty = it has none
    base_currency   what is bought; empty = a stock or a fund
    quote_currency  of its price
    is_halted       it is listed, and nobody can trade it now
    warnings        the venue's own words, sorted; empty = none
    listed_on       None = the venue does not tell
    fundamentals    None = the list has none
    """

    venue_id: str
    market: str
    symbol: str
    name: str
    kind: Kind
    quote_currency: str
    base_currency: str = ""
    local_name: str = ""
    is_halted: bool = False
    warnings: tuple[str, ...] = ()
    listed_on: date | None = None
    fundamentals: VenueFundamentals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCandle:
    """Prices and volumes over [opened_at, opened_at + interval), as the venue says them.

    volume        units of the instrument
    quote_volume  quote currency; None = the venue does not tell
    is_final      the interval was over, with some grace, before the venue was asked
    """

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal | None = None
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrice:
    """What an instrument was traded at last.

    traded_at     when that was, which may be long ago
    volume        units, of the last 24 hours; quote_volume: what they were worth
    """

    venue_id: str
    price: Decimal
    traded_at: datetime
    volume: Decimal
    quote_volume: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleQuery:
    """Which candles are wanted: those that open in [since, until), aware."""

    venue_id: str
    interval: str
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.interval not in LENGTHS:
            raise ValueError(f"No interval {self.interval!r}. Known: {', '.join(LENGTHS)}.")
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("Both ends of a query are aware instants.")

    @property
    def length(self) -> timedelta:
        return LENGTHS[self.interval]

    @property
    def most_candles(self) -> int:
        """How many candles can open in [since, until)."""
        return max(0, -((self.since - self.until) // self.length))


@dataclass(frozen=True, slots=True, kw_only=True)
class CandlePage:
    """One answer: candles in the order of time, and the stretch for which they are all.

    since, until  each candle that opens in [since, until) is here and final, and where there is
                  none nothing was traded; the two may be equal
    candles       oldest first; those that open at `until` or later are not final
    asked_at      the instant before the venue was asked
    """

    since: datetime
    until: datetime
    candles: tuple[VenueCandle, ...]
    asked_at: datetime


class Venue(Protocol):
    """A venue, ready to be asked. It waits its turn before each call; see `Gate`.

    calls_per_second  of each group that the venue counts apart, at most
    """

    name: str
    abilities: Abilities
    calls_per_second: Mapping[str, float]

    def list_instruments(self) -> tuple[ListedInstrument, ...]:
        """Return what the venue lists now, each once.

        Raise ListIncomplete if some of its markets cannot be read, or another VenueError.
        """

    def candles(self, query: CandleQuery) -> Iterator[CandlePage]:
        """Yield the candles of `query`, the newest page first, each as soon as it is there.

        What was yielded is good, also if a later page fails. Pages join: each ends where the
        one before it starts, and the last one starts where the query does. Raise VenueError.
        """

    def last_prices(self) -> tuple[LastPrice, ...]:
        """Return the last price of each instrument that the venue lists, each once.

        Raise NotOffered if the venue has no such call, or another VenueError.
        """

    def calls_for(self, query: CandleQuery) -> int:
        """Return how many calls `query` takes, if something was traded in each interval."""

    def close(self) -> None:
        """Close the connections."""


class Gate(Protocol):
    """Who may call a venue, and when: one for all jobs, threads and processes.

    group  what the venue counts together: "candles", "market"
    """

    def pass_through(self, group: str, cost: float = 1.0) -> None:
        """Return when it is the caller's turn to send one request.

        cost  how many ordinary requests the venue counts it for

        Raise Banned while the venue is closed to us, RateLimited if the turn is too far off.
        """

    def hold(self, group: str, until: datetime) -> None:
        """Let nobody pass before `until`."""

    def ban(self, until: datetime | None, reason: str) -> datetime:
        """Close the venue for all groups, and return until when.

        until  None = the venue did not say
        """


class VenueError(Exception):
    """Base class of what keeps a venue from answering. Do not raise directly.

    The message says which venue, what is wrong, and what would be right.
    """


class VenueUnavailable(VenueError):
    """The venue did not answer, or said that it cannot now; it may the next time."""


class UnderMaintenance(VenueUnavailable):
    """The venue says that it is being mended: to ask again at once is no use."""


class RateLimited(VenueError):
    """The venue takes no more calls from us before `until`."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class Banned(VenueError):
    """The venue has closed its door to us until `until`: to ask again makes it longer."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class InvalidAnswer(VenueError):
    """The venue answered what cannot be read without guessing."""


class ListIncomplete(InvalidAnswer):
    """The lists of some markets cannot be read; `listed` has those of the others, whole."""

    def __init__(self, message: str, *, listed: tuple[ListedInstrument, ...]) -> None:
        super().__init__(message)
        self.listed = listed


class UnknownInstrument(VenueError):
    """The venue does not list this instrument, or lists it no more."""


class NotOffered(VenueError):
    """The venue has nothing like it: candles of this interval, say."""


class KeysMissing(VenueError):
    """The venue wants keys, and the settings have none."""


class KeysRefused(VenueError):
    """The venue does not let us in: the keys, our address or our rights are not right."""


def floor_to(interval: timedelta, instant: datetime) -> datetime:
    """Return the last start of an interval that is not after `instant`, counted in UTC."""
    return EPOCH + (instant - EPOCH) // interval * interval


def refuse_unsound(candle: VenueCandle, where: str) -> VenueCandle:
    """Return the candle. Raise InvalidAnswer if its prices contradict each other."""
    lowest, highest = min(candle.open, candle.close), max(candle.open, candle.close)
    volumes = [volume for volume in (candle.volume, candle.quote_volume) if volume is not None]
    if not candle.low <= lowest <= highest <= candle.high or min(volumes) < 0:
        raise InvalidAnswer(
            f"{where}, candle of {candle.opened_at:%Y-%m-%dT%H:%MZ}: open {candle.open}, high "
            f"{candle.high}, low {candle.low}, close {candle.close}, volume {candle.volume} "
            "cannot all be true. Nothing of this answer is used."
        )
    return candle
