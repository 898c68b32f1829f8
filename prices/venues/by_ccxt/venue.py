"""A venue over ccxt: what trades there, and its candles."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from prices.venues.base import (
    EPOCH,
    Abilities,
    CandlePage,
    CandleQuery,
    InvalidAnswer,
    KeysMissing,
    LastPrice,
    ListedInstrument,
    NotOffered,
    UnknownInstrument,
    VenueCandle,
)
from prices.venues.by_ccxt.errors import kinds_of
from prices.venues.by_ccxt.limits import (
    NEWEST_ONLY,
    calls_per_second,
    intervals_of,
    rows_per_call,
)
from prices.venues.by_ccxt.records import (
    GRACE,
    MILLISECOND,
    can_be_stored,
    listed_instrument,
    page_of,
    read_candle,
)
from prices.venues.by_ccxt.transport import STUMBLES, base_error
from prices.venues.caller import Caller

logger = logging.getLogger(__name__)


class CcxtVenue:
    """An exchange of ccxt; see `transport.make_exchange`.

    It lists its spot markets or, if it has none, its perpetual swaps: ids are unique among each.
    """

    def __init__(self, exchange: Any, caller: Caller) -> None:
        self.name: str = exchange.id
        self._exchange = exchange
        self._caller = caller
        self._markets: dict[str, Mapping[str, Any]] | None = None
        exchange.our_caller = caller
        self.calls_per_second = calls_per_second(exchange)
        self.abilities = Abilities(
            intervals=intervals_of(exchange),
            needs_keys=False,
            has_quote_volume=False,  # ccxt leaves it out
            has_sessions=False,
            skips_quiet=True,
            has_last_prices=False,  # few exchanges say when the last trade was
            rows_per_call=rows_per_call(exchange),
        )

    def close(self) -> None:
        self._caller.close()

    def list_instruments(self) -> tuple[ListedInstrument, ...]:
        """Return what trades now or is halted."""
        self._markets = self._load_markets()
        return tuple(listed_instrument(market) for market in self._markets.values())

    def last_prices(self) -> tuple[LastPrice, ...]:
        raise NotOffered(f"{self.name}: ccxt does not say when the last trades were.")

    def calls_for(self, query: CandleQuery) -> int:
        if self.name in NEWEST_ONLY:
            return 1
        return max(1, -(-query.most_candles // self.abilities.rows_per_call))

    def candles(self, query: CandleQuery) -> Iterator[CandlePage]:
        """Yield the pages of `query`, newest first.

        What an exchange answers begins at the instant that it is asked for. Where that is later,
        nothing was traded before; but not with those of NEWEST_ONLY, which raise NotOffered for
        what is older than all they tell.
        """
        if query.interval not in self.abilities.intervals:
            raise NotOffered(f"{self.name} has no candles of {query.interval}.")
        until = min(query.until, self._caller.chance.now())
        if until <= query.since:
            return
        market = self._market(query.venue_id)
        if self.name in NEWEST_ONLY:
            yield from self._newest(query, market, until)
            return
        while until > query.since:
            since = max(query.since, until - self.abilities.rows_per_call * query.length)
            yield self._window(query, market, since, until)
            until = since

    def _window(
        self, query: CandleQuery, market: Mapping[str, Any], since: datetime, until: datetime
    ) -> CandlePage:
        """Ask until the answers reach `until`: an exchange may give fewer rows than ccxt says."""
        asked_at = self._caller.chance.now()
        candles: list[VenueCandle] = []
        at = since
        while at < until:
            count = -((at - until) // query.length)
            rows = self._rows(query, market, at, count, asked_at)
            wanted = [row for row in rows if at <= row.opened_at < until]
            if not wanted:
                break
            candles += wanted
            is_end = rows[-1].opened_at >= until
            at = until if is_end else wanted[-1].opened_at + query.length
        return page_of(query, candles, since, until, asked_at)

    def _newest(
        self, query: CandleQuery, market: Mapping[str, Any], until: datetime
    ) -> Iterator[CandlePage]:
        most = NEWEST_ONLY[self.name]
        asked_at = self._caller.chance.now()
        rows = self._rows(query, market, query.since, most, asked_at)
        first = rows[0].opened_at if rows else until
        is_all = first < query.since + query.length or (most is not None and len(rows) < most)
        since = query.since if is_all else min(first, until)
        candles = [row for row in rows if since <= row.opened_at < until]
        if since < until:
            yield page_of(query, candles, since, until, asked_at)
        if not is_all:
            raise NotOffered(
                f"{self.name} tells only its newest candles of {query.interval}: none of "
                f"{query.venue_id} before {first:%Y-%m-%d %H:%M}Z. Ask for a later beginning."
            )

    def _rows(
        self,
        query: CandleQuery,
        market: Mapping[str, Any],
        since: datetime,
        limit: int | None,
        asked_at: datetime,
    ) -> list[VenueCandle]:
        """Return what the exchange answers for `since`, oldest first; it may be more."""
        where = f"{self.name} {query.interval} candles of {query.venue_id}"
        with self._in_our_words(where):
            answer = self._exchange.fetch_ohlcv(
                market["symbol"], query.interval, (since - EPOCH) // MILLISECOND, limit
            )
        final_from = asked_at - GRACE - query.length
        candles = [read_candle(row, where, final_from=final_from) for row in answer]
        by_time = {candle.opened_at: candle for candle in candles}
        if len(by_time) < len(candles):
            raise InvalidAnswer(f"{where}: {len(candles)} of them at {len(by_time)} times.")
        return [by_time[at] for at in sorted(by_time)]

    def _market(self, venue_id: str) -> Mapping[str, Any]:
        if self._markets is None:
            self._markets = self._load_markets()
        if venue_id not in self._markets:
            raise UnknownInstrument(f"{self.name} does not list {venue_id}.")
        return self._markets[venue_id]

    def _load_markets(self) -> dict[str, Mapping[str, Any]]:
        where = f"{self.name} list of markets"
        with self._in_our_words(where):
            markets = list(self._exchange.load_markets(True).values())
            kind = "spot" if any(market["spot"] for market in markets) else "swap"
            chosen = [market for market in markets if market[kind]]
            stored = [market for market in chosen if can_be_stored(market)]
            by_id = {str(market["id"]): market for market in stored}
        if not by_id or len(by_id) < len(stored):
            raise InvalidAnswer(f"{where}: {len(stored)} markets, {len(by_id)} different ones.")
        if len(stored) < len(chosen):
            logger.warning("%s: %s left out", where, len(chosen) - len(stored))
        return by_id

    @contextmanager
    def _in_our_words(self, where: str) -> Iterator[None]:
        """Turn what ccxt raises of itself, outside of a call, into our errors."""
        try:
            yield
        except base_error() as exc:
            kinds = kinds_of(exc)
            if "AuthenticationError" in kinds:
                raise KeysMissing(
                    f"{self.name} wants keys. Set CCXT_{self.name.upper()}_API_KEY and "
                    f"CCXT_{self.name.upper()}_SECRET."
                ) from exc
            error = NotOffered if "NotSupported" in kinds else InvalidAnswer
            raise error(f"{where}: {exc}") from exc
        except STUMBLES as exc:
            raise InvalidAnswer(f"{where}: ccxt cannot read the answer ({exc!r}).") from exc
