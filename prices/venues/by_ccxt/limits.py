"""How fast, how much and how far back an exchange answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prices.venues.base import LENGTHS
from prices.venues.by_ccxt.transport import GROUP

SHARE = 0.8  # of the calls that ccxt says are allowed; those that dawdle must not meet
USUAL_ROWS = 100  # candles in an answer, where ccxt does not tell
# They heed no `since`, or only among their newest candles: ccxt drops the rest, and what is older
# cannot be had. With how many candles they answer at most; None = that is not known.
NEWEST_ONLY: Mapping[str, int | None] = {
    "bithumb": None,
    "bitrue": 1440,
    "bitteam": None,
    "bittrade": 2000,
    "blofin": 1440,
    "coinex": 1000,
    "extended": None,
    "gemini": None,
    "kraken": 720,
    "modetrade": 1000,
    "p2b": 500,
    "woofipro": 1000,
}


def calls_per_second(exchange: Any) -> Mapping[str, float]:
    return {GROUP: SHARE * 1000 / exchange.rateLimit}


def intervals_of(exchange: Any) -> frozenset[str]:
    """Return those of ours that it has itself: ccxt can make candles of trades, and few of them."""
    if exchange.has.get("fetchOHLCV") is not True:
        return frozenset()
    return frozenset(LENGTHS).intersection(exchange.timeframes or {})


def rows_per_call(exchange: Any) -> int:
    if NEWEST_ONLY.get(exchange.id):
        return NEWEST_ONLY[exchange.id] or USUAL_ROWS
    features: Any = exchange.features or {}
    for kind in ("spot", "swap", "linear"):
        features = features.get(kind) or features
    limit = (features.get("fetchOHLCV") or {}).get("limit")
    return limit if isinstance(limit, int) and limit > 0 else USUAL_ROWS
