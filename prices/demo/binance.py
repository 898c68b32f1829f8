"""Binance's spot market, made up: its paths, its fields, its errors, its weights.

Source: developers.binance.com/docs/binance-spot-api-docs/rest-api, read 2026-11-21.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from prices.demo.pairs import EPOCH, Pair, as_json, candles_from, made_up_pairs
from prices.demo.prices import MadeUpCandle
from prices.demo.server import Reply, Request, VenueServer

LIMIT = 6000  # weight in a minute
WEIGHTS = {"/api/v3/exchangeInfo": 20, "/api/v3/klines": 2}
LENGTHS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
MOST_ROWS = 1000
MILLISECOND = timedelta(milliseconds=1)


class BinanceServer(VenueServer):
    """Binance's public paths.

    .pairs    what is listed, by code
    .refused  how many calls came too soon
    """

    def __init__(
        self,
        port: int = 0,
        *,
        limit: int = LIMIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(port)
        self.pairs = {f"{pair.base}{pair.quote}": pair for pair in made_up_pairs("USDT")}
        self.limit = limit
        self.now = now
        self.refused = 0
        self._weights: Counter[int] = Counter()

    def reply(self, request: Request) -> Reply:
        if request.path not in WEIGHTS:
            return Reply(status=404)
        used = self._used_in_minute(WEIGHTS[request.path])
        if used > self.limit:
            self.refused += 1
            return too_many_requests()
        answer = self._list if request.path == "/api/v3/exchangeInfo" else self._candles
        reply = answer(request)
        reply.headers["X-MBX-USED-WEIGHT-1M"] = str(used)
        return reply

    def _used_in_minute(self, weight: int) -> int:
        with self._lock:
            minute = int(time.monotonic() / 60)
            self._weights[minute] += weight
            return self._weights[minute]

    def _list(self, _: Request) -> Reply:
        symbols = [_listed(code, pair) for code, pair in list(self.pairs.items())]
        return as_json({"timezone": "UTC", "serverTime": _ms(self.now()), "symbols": symbols})

    def _candles(self, request: Request) -> Reply:
        params = request.params
        pair = self.pairs.get(params.get("symbol", ""))
        if pair is None:
            return refusal(-1121, "Invalid symbol.")
        length = LENGTHS.get(params.get("interval", ""))
        if length is None:
            return refusal(-1120, "Invalid interval.")
        now = self.now()
        try:
            count = int(params.get("limit", 500))
            since = _instant(params["startTime"]) if "startTime" in params else now - count * length
            until = _instant(params["endTime"]) if "endTime" in params else now
        except (ValueError, OverflowError):
            return refusal(-1100, "Illegal characters found in a parameter.")
        candles = candles_from(pair, length, since, now)
        asked = takewhile(lambda candle: candle.opened_at <= until, candles)
        return as_json([_row(one, length) for one in islice(asked, min(count, MOST_ROWS))])


def refusal(code: int, message: str, *, status: int = 400, **headers: str) -> Reply:
    return as_json({"code": code, "msg": message}, status=status, **headers)


def too_many_requests() -> Reply:
    message = "Too much request weight used; current limit is 6000 request weight per 1 MINUTE."
    return refusal(-1003, message, status=429)


def banned(seconds: int = 120) -> Reply:
    message = "Way too much request weight used; IP banned until 1773240179000."
    return refusal(-1003, message, status=418, Retry_After=str(seconds))


def elsewhere() -> Reply:
    """Return what those get whose country is not served."""
    message = "Service unavailable from a restricted location according to 'b. Eligibility'."
    return as_json({"code": 0, "msg": message}, status=451)


def _ms(instant: datetime) -> int:
    return (instant - EPOCH) // MILLISECOND


def _instant(text: str) -> datetime:
    return EPOCH + int(text) * MILLISECOND


def _listed(code: str, pair: Pair) -> dict[str, Any]:
    """Return some of the fields that Binance has."""
    return {
        "symbol": code,
        "status": "TRADING" if pair.is_trading else "BREAK",
        "baseAsset": pair.base,
        "baseAssetPrecision": 8,
        "quoteAsset": pair.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "isSpotTradingAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00",
             "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0",
             "stepSize": "0.00001"},
        ],
        "permissions": [],
    }  # fmt: skip


def _row(candle: MadeUpCandle, length: timedelta) -> list[Any]:
    ends_at = _ms(candle.opened_at + length) - 1
    prices = [f"{price:.8f}" for price in (candle.open, candle.high, candle.low, candle.close)]
    volumes = [f"{candle.volume:.8f}", ends_at, f"{candle.quote_volume:.8f}"]
    return [_ms(candle.opened_at), *prices, *volumes, 308, "0", "0", "0"]
