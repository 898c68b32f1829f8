"""Records of ours, from those of ccxt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from prices.venues.answers import shown
from prices.venues.base import (
    EPOCH,
    CandlePage,
    CandleQuery,
    InvalidAnswer,
    ListedInstrument,
    VenueCandle,
    refuse_unsound,
)

GRACE = timedelta(minutes=2)  # after its end a candle may still change
LONGEST_SYMBOL = 40  # what is stored of it
MILLISECOND = timedelta(milliseconds=1)


def can_be_stored(market: Mapping[str, Any]) -> bool:
    return bool(market["quote"]) and 0 < len(market["symbol"]) <= LONGEST_SYMBOL


def listed_instrument(market: Mapping[str, Any]) -> ListedInstrument:
    return ListedInstrument(
        venue_id=str(market["id"]),
        market="spot" if market["spot"] else "swap",
        symbol=market["symbol"],
        name="",
        kind="crypto" if market["spot"] else "other",
        base_currency=market["base"] or "",
        quote_currency=market["quote"],
        is_halted=market["active"] is False,
    )


def read_candle(row: Any, where: str, *, final_from: datetime) -> VenueCandle:
    """Read [milliseconds, open, high, low, close, volume]: a candle of `final_from` is final."""
    exact = isinstance(row, list) and len(row) >= 6 and isinstance(row[0], int)
    if not exact or not all(isinstance(number, Decimal) for number in row[1:6]):
        raise InvalidAnswer(f"{where}: no candle: {shown(row)}.")
    opened_at = EPOCH + row[0] * MILLISECOND
    candle = VenueCandle(
        opened_at=opened_at,
        open=row[1],
        high=row[2],
        low=row[3],
        close=row[4],
        volume=row[5],
        is_final=opened_at <= final_from,
    )
    return refuse_unsound(candle, where)


def page_of(
    query: CandleQuery,
    candles: list[VenueCandle],
    since: datetime,
    until: datetime,
    asked_at: datetime,
) -> CandlePage:
    """Return the candles, complete up to the first opening that is not final.

    Days of some exchanges do not begin at midnight in UTC: their candles tell when they do.
    """
    final_until = asked_at - GRACE - query.length
    if candles:
        begun = (asked_at - GRACE - candles[0].opened_at) // query.length
        final_until = candles[0].opened_at + begun * query.length
    return CandlePage(
        since=since,
        until=max(since, min(until, final_until)),
        candles=tuple(candles),
        asked_at=asked_at,
    )
