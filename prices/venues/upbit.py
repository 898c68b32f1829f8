"""Upbit, the exchange of Korea: its public list of markets and its candles.

Source: docs.upbit.com/kr/reference, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from prices.venues.answers import (
    read_milliseconds,
    read_number,
    read_rows,
    read_text,
    read_utc,
    shown,
)
from prices.venues.base import (
    Abilities,
    CandlePage,
    CandleQuery,
    Gate,
    InvalidAnswer,
    LastPrice,
    ListedInstrument,
    NotOffered,
    UnknownInstrument,
    VenueCandle,
    floor_to,
    refuse_unsound,
)
from prices.venues.caller import Address, Caller, Chance, NotFound

PATHS = {
    "1m": "/v1/candles/minutes/1",
    "5m": "/v1/candles/minutes/5",
    "15m": "/v1/candles/minutes/15",
    "1h": "/v1/candles/minutes/60",
    "4h": "/v1/candles/minutes/240",
    "1d": "/v1/candles/days",
}
MARKETS = "/v1/market/all"
LAST_PRICES = "/v1/ticker/all"
QUOTE_CURRENCIES = "KRW,BTC,USDT"  # all that Upbit has markets in
PAGE = 200  # candles in an answer, at most
GRACE = timedelta(minutes=2)  # after its end a candle may still change
PRICES = {
    "open": "opening_price",
    "high": "high_price",
    "low": "low_price",
    "close": "trade_price",
    "volume": "candle_acc_trade_volume",
    "quote_volume": "candle_acc_trade_price",
}

Record = TypeVar("Record", ListedInstrument, LastPrice)


class Upbit:
    """Upbit's public calls."""

    name = "upbit"
    # It allows 10 to each group and IP address; calls that dawdle on their way must not meet.
    calls_per_second: Mapping[str, float] = {"market": 8.0, "candles": 8.0, "ticker": 8.0}
    abilities = Abilities(
        intervals=frozenset(PATHS),
        needs_keys=False,
        has_quote_volume=True,
        has_sessions=False,
        skips_quiet=True,
        has_last_prices=True,
        rows_per_call=PAGE,
    )

    def __init__(self, address: Address, gate: Gate, chance: Chance | None = None) -> None:
        self._caller = Caller(self.name, address, gate, chance)

    def close(self) -> None:
        self._caller.close()

    def list_instruments(self) -> tuple[ListedInstrument, ...]:
        """Return the markets that trade now; Upbit says nothing of others."""
        where = f"{self.name} {MARKETS}"
        answer = self._caller.get(MARKETS, group="market", is_details="true")
        return _each_once([_read_instrument(row, where) for row in read_rows(answer, where)], where)

    def last_prices(self) -> tuple[LastPrice, ...]:
        where = f"{self.name} {LAST_PRICES}"
        answer = self._caller.get(LAST_PRICES, group="ticker", quote_currencies=QUOTE_CURRENCIES)
        return _each_once([_read_last_price(row, where) for row in read_rows(answer, where)], where)

    def calls_for(self, query: CandleQuery) -> int:
        return max(1, -(-query.most_candles // PAGE))

    def candles(self, query: CandleQuery) -> Iterator[CandlePage]:
        """Yield the pages of `query`, newest first.

        Nothing is traded in some intervals, so a short page is not the last one. An answer
        without a candle means that there is none before; it is believed when a second one, for
        the stretch before, is empty as well.
        """
        if query.interval not in PATHS:
            raise NotOffered(f"{self.name} has no candles of {query.interval}.")
        until = min(query.until, self._caller.chance.now())
        was_empty = False
        while until > query.since:
            asked_at = self._caller.chance.now()
            rows = self._rows(query, until, asked_at)
            if rows:
                since = max(query.since, rows[-1].opened_at)
            else:
                since = max(query.since, until - PAGE * query.length)
                since = query.since if was_empty else since
            was_empty = not rows
            wanted = [row for row in reversed(rows) if row.opened_at >= query.since]
            yield _page(query, wanted, since, until, asked_at)
            until = since

    def _rows(self, query: CandleQuery, until: datetime, asked_at: datetime) -> list[VenueCandle]:
        """Return what Upbit has before `until`, newest first, also older than the query."""
        path = PATHS[query.interval]
        where = f"{self.name} {path} {query.venue_id}"
        left = -((query.since - until) // query.length)
        final_before = floor_to(query.length, asked_at - GRACE)
        try:
            answer = self._caller.get(
                path,
                group="candles",
                market=query.venue_id,
                to=until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                count=str(min(PAGE, left)),
            )
        except NotFound as exc:
            raise UnknownInstrument(f"{self.name} does not list {query.venue_id}.") from exc
        rows: list[VenueCandle] = []
        for row in read_rows(answer, where):
            candle = _read_candle(row, query, where, final_before=final_before)
            if candle.opened_at >= (rows[-1].opened_at if rows else until):
                raise InvalidAnswer(f"{where}: its candles are not before {until} in order.")
            rows.append(candle)
        return rows


def _page(
    query: CandleQuery,
    candles: list[VenueCandle],
    since: datetime,
    until: datetime,
    asked_at: datetime,
) -> CandlePage:
    final_until = min(until, floor_to(query.length, asked_at - GRACE))
    return CandlePage(
        since=since,
        until=max(since, final_until),
        candles=tuple(candles),
        asked_at=asked_at,
    )


def _read_candle(
    row: Mapping[str, Any], query: CandleQuery, where: str, *, final_before: datetime
) -> VenueCandle:
    if row.get("market") != query.venue_id:
        raise InvalidAnswer(f"{where} answered candles of {shown(row.get('market'))}.")
    opened_at = read_utc(row, "candle_date_time_utc", where)
    candle = VenueCandle(
        opened_at=opened_at,
        is_final=opened_at < final_before,
        **{name: read_number(row, field, where) for name, field in PRICES.items()},
    )
    return refuse_unsound(candle, where)


def _read_instrument(row: Mapping[str, Any], where: str) -> ListedInstrument:
    market = read_text(row, "market", where)
    quote, dash, base = market.partition("-")
    if not (quote and dash and base):
        raise InvalidAnswer(f"{where}: {shown(market)} is no market, such as KRW-BTC.")
    return ListedInstrument(
        venue_id=market,
        market=quote,
        symbol=f"{base}/{quote}",
        name=read_text(row, "english_name", where),
        local_name=read_text(row, "korean_name", where),
        kind="crypto",
        base_currency=base,
        quote_currency=quote,
        warnings=_warnings_of(row.get("market_event")),
    )


def _each_once(records: list[Record], where: str) -> tuple[Record, ...]:
    ids = {record.venue_id for record in records}
    if not records or len(ids) < len(records):
        raise InvalidAnswer(f"{where} lists {len(records)} markets, {len(ids)} different ones.")
    return tuple(records)


def _read_last_price(row: Mapping[str, Any], where: str) -> LastPrice:
    return LastPrice(
        venue_id=read_text(row, "market", where),
        price=read_number(row, "trade_price", where),
        traded_at=read_milliseconds(row, "trade_timestamp", where),
        volume=read_number(row, "acc_trade_volume_24h", where),
        quote_volume=read_number(row, "acc_trade_price_24h", where),
    )


def _warnings_of(event: Any) -> tuple[str, ...]:
    """Return Upbit's words for what it warns of; it tells none where it has no such field."""
    if not isinstance(event, dict):
        return ()
    cautions = event.get("caution")
    flags = dict(cautions) if isinstance(cautions, dict) else {}
    flags["WARNING"] = event.get("warning")
    return tuple(sorted(str(name) for name, is_on in flags.items() if is_on is True))
