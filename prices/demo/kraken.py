"""Kraken's spot market, made up: ids of its own, errors with status 200, the newest 720 candles.

Source: docs.kraken.com/api/docs/rest-api/get-ohlc-data, read 2026-11-21.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prices.demo.pairs import Pair, as_json, candles_from, made_up_pairs
from prices.demo.prices import MadeUpCandle
from prices.demo.server import Reply, Request, VenueServer

MOST_ROWS = 720
BURST = 15  # calls at once; one more with each second
MINUTES = ("1", "5", "15", "30", "60", "240", "1440", "10080", "21600")
NAMES = {"BTC": ("XXBT", "XBT"), "ETH": ("XETH", "ETH"), "DOGE": ("XXDG", "XDG")}


class KrakenServer(VenueServer):
    """Kraken's public paths.

    .pairs    what is listed, by id
    .refused  how many calls came too soon
    """

    def __init__(
        self,
        port: int = 0,
        *,
        burst: int = BURST,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(port)
        self.pairs = {pair_id(pair): pair for pair in made_up_pairs("USD")}
        self.burst = burst
        self.now = now
        self.refused = 0
        self._recent: deque[float] = deque()

    def reply(self, request: Request) -> Reply:
        replies = {
            "/0/public/Assets": self._assets,
            "/0/public/AssetPairs": self._list,
            "/0/public/OHLC": self._candles,
        }
        if request.path not in replies:
            return refusal("EGeneral:Unknown method")
        if self._is_too_many():
            self.refused += 1
            return too_many_requests()
        return replies[request.path](request)

    def _is_too_many(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._recent.append(now)
            while self._recent[0] < now - self.burst:
                self._recent.popleft()
            return len(self._recent) > 2 * self.burst

    def _assets(self, _: Request) -> Reply:
        pairs = list(self.pairs.values())
        names = [asset(pair.base) for pair in pairs] + [("ZUSD", "USD")]
        return told({name: _asset(short) for name, short in names})

    def _list(self, _: Request) -> Reply:
        return told({name: _listed(pair) for name, pair in list(self.pairs.items())})

    def _candles(self, request: Request) -> Reply:
        params = request.params
        name = params.get("pair", "")
        pair = self.pairs.get(name)
        if pair is None:
            return refusal("EQuery:Unknown asset pair")
        interval, since = params.get("interval", "1"), params.get("since", "0")
        if interval not in MINUTES or not since.isdecimal():
            return refusal("EGeneral:Invalid arguments")
        length, now = timedelta(minutes=int(interval)), self.now()
        candles = list(candles_from(pair, length, now - MOST_ROWS * length, now))[-MOST_ROWS:]
        rows = [_row(candle) for candle in candles if candle.opened_at.timestamp() > int(since)]
        return told({name: rows, "last": rows[-1][0] if rows else int(since)})


def asset(base: str) -> tuple[str, str]:
    """Return Kraken's two names of a currency."""
    return NAMES.get(base, (base, base))


def pair_id(pair: Pair) -> str:
    name, short = asset(pair.base)
    return f"{name}Z{pair.quote}" if name != short else f"{short}{pair.quote}"


def told(result: Any) -> Reply:
    return as_json({"error": [], "result": result})


def refusal(*errors: str) -> Reply:
    """Return errors as Kraken does: with status 200."""
    return as_json({"error": list(errors)})


def too_many_requests() -> Reply:
    return refusal("EGeneral:Too many requests")


def locked_out() -> Reply:
    return refusal("EGeneral:Temporary lockout")


def _asset(short: str) -> dict[str, Any]:
    return {"aclass": "currency", "altname": short, "decimals": 10, "display_decimals": 5,
            "status": "enabled"}  # fmt: skip


def _listed(pair: Pair) -> dict[str, Any]:
    """Return some of the fields that Kraken has."""
    name, short = asset(pair.base)
    return {
        "altname": f"{short}{pair.quote}",
        "wsname": f"{short}/{pair.quote}",
        "base": name,
        "quote": f"Z{pair.quote}",
        "pair_decimals": 8,
        "lot_decimals": 8,
        "leverage_buy": [],
        "fees": [[0, 0.4], [10_000, 0.35]],
        "fees_maker": [[0, 0.25], [10_000, 0.2]],
        "ordermin": "0.00005",
        "costmin": "0.5",
        "status": "online" if pair.is_trading else "cancel_only",
    }


def _row(candle: MadeUpCandle) -> list[Any]:
    prices = (candle.open, candle.high, candle.low, candle.close, candle.open)
    texts = [f"{price:f}" for price in prices]
    return [int(candle.opened_at.timestamp()), *texts, f"{candle.volume:.8f}", 308]
