"""Upbit, made up: its paths, its fields, its errors, its limit of ten calls a second."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from prices.demo.prices import MadeUpCandle, made_up_candle
from prices.demo.server import Reply, Request, VenueServer

LIMIT = 10  # calls a second in each group
KST = timedelta(hours=9)
MOST_ROWS = 200
LENGTHS = {
    f"/v1/candles/minutes/{minutes}": timedelta(minutes=minutes)
    for minutes in (1, 3, 5, 10, 15, 30, 60, 240)
} | {"/v1/candles/days": timedelta(days=1)}
GROUPS = dict.fromkeys(LENGTHS, "candles") | {
    "/v1/market/all": "market",
    "/v1/ticker/all": "ticker",
}
CAUTIONS = (
    "PRICE_FLUCTUATIONS",
    "TRADING_VOLUME_SOARING",
    "DEPOSIT_AMOUNT_SOARING",
    "GLOBAL_PRICE_DIFFERENCES",
    "CONCENTRATION_OF_SMALL_ACCOUNTS",
)
KNOWN = {  # of the first markets: English and Korean name, and a price in won
    "BTC": ("Bitcoin", "비트코인", "103460000"),
    "ETH": ("Ethereum", "이더리움", "2986000"),
    "XRP": ("XRP", "엑스알피", "2032"),
    "SOL": ("Solana", "솔라나", "126300"),
    "DOGE": ("Dogecoin", "도지코인", "136.4"),
    "BTT": ("BitTorrent", "비트토렌트", "0.000482"),
    "USDT": ("Tether", "테더", "1463"),
}
LISTED_AT = datetime(2024, 1, 1, tzinfo=UTC)
Stretch = tuple[datetime, datetime]  # from, until


@dataclass(slots=True, kw_only=True)
class Market:
    """A market that can be changed while the server runs.

    quiet  stretches in which nothing was traded
    """

    code: str
    name: str
    local_name: str
    price: Decimal
    listed_at: datetime = LISTED_AT
    quiet: Sequence[Stretch] = ()
    cautions: Sequence[str] = ()


def made_up_markets(count: int) -> dict[str, Market]:
    """Return markets in won: some that everybody knows, and as many others as are missing."""
    known = list(KNOWN.items())[:count]
    others = [
        (f"DEMO{number}", (f"Demo {number}", f"데모 {number}", str(7 * number + 1)))
        for number in range(1, count - len(known) + 1)
    ]
    return {
        f"KRW-{base}": Market(
            code=f"KRW-{base}", name=name, local_name=local_name, price=Decimal(price)
        )
        for base, (name, local_name, price) in known + others
    }


class UpbitServer(VenueServer):
    """Upbit's public paths.

    .markets    what is listed, by code; change it to list, delist or rename
    .refused    how many calls came too soon
    """

    def __init__(
        self,
        port: int = 0,
        *,
        markets: int = 6,
        limit: int = LIMIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(port)
        self.markets = made_up_markets(markets)
        self.limit = limit
        self.now = now
        self.refused = 0
        self._counts: Counter[tuple[str, int]] = Counter()

    def reply(self, request: Request) -> Reply:
        group = GROUPS.get(request.path)
        if group is None:
            return refusal(404, 404, "no Route matched with those values")
        left = self._left_in_second(group)
        if left < 0:
            self.refused += 1
            return too_many_requests()
        replies = {"market": self._list, "ticker": self._last_prices, "candles": self._candles}
        reply = replies[group](request)
        reply.headers["Remaining-Req"] = f"group={group}; min=600; sec={left}"
        return reply

    def _left_in_second(self, group: str) -> int:
        with self._lock:
            second = (group, int(time.monotonic()))
            self._counts[second] += 1
            return self.limit - self._counts[second]

    def _list(self, _: Request) -> Reply:
        return as_json([_listed(market) for market in list(self.markets.values())])

    def _last_prices(self, request: Request) -> Reply:
        asked = request.params.get("quote_currencies", "").split(",")
        markets = [one for one in list(self.markets.values()) if one.code.split("-")[0] in asked]
        return as_json([_last_price(market, self.now()) for market in markets])

    def _candles(self, request: Request) -> Reply:
        params = request.params
        if "market" not in params:
            return refusal(400, 400, "Missing request parameter error. Check the parameters!")
        market = self.markets.get(params["market"])
        if market is None:
            return refusal(404, 404, "Code not found")
        try:
            count = int(params.get("count", 1))
            until = datetime.fromisoformat(params["to"]) if "to" in params else self.now()
        except ValueError:
            return refusal(400, 400, "Type mismatch error. Check the parameters type!")
        if not 1 <= count <= MOST_ROWS:
            return refusal(400, 400, "Invalid parameter. Check the given value!")
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        candles = self._before(market, LENGTHS[request.path], until.astimezone(UTC), count)
        return as_json([_row(market, candle) for candle in candles])

    def _before(
        self, market: Market, length: timedelta, until: datetime, count: int
    ) -> list[MadeUpCandle]:
        """Return the newest candles that opened before `until`, newest first."""
        now = self.now()
        opened_at = _start_before(min(until, now), length)
        candles: list[MadeUpCandle] = []
        while len(candles) < count and opened_at >= market.listed_at:
            quiet = [since for since, end in market.quiet if since <= opened_at < end]
            if quiet:
                opened_at = _start_before(quiet[0], length)
                continue
            candles.append(made_up_candle(market.code, market.price, opened_at, length, now))
            opened_at -= length
        return candles


def too_many_requests(body: bytes | None = None) -> Reply:
    """Return a 429: Upbit's own or, with a body, that of something in front of it."""
    if body is not None:
        return Reply(status=429, body=body, content_type="text/plain")
    reply = refusal(429, "too_many_requests", "Too many API requests.")
    reply.headers["Remaining-Req"] = "group=candles; min=600; sec=0"
    return reply


def banned(message: str = "This IP is blocked for 30 seconds.") -> Reply:
    return refusal(418, "too_many_requests", message)


def maintenance_page() -> Reply:
    """Return the page of a gateway, which says 200 all the same."""
    page = "<!DOCTYPE html><html><body>시스템 점검 중입니다</body></html>"
    return Reply(body=page.encode(), content_type="text/html")


def refusal(status: int, name: str | int, message: str) -> Reply:
    """Return an error in Upbit's form; public paths have a number for a name."""
    body = orjson.dumps({"error": {"name": name, "message": message}})
    return Reply(status=status, body=body)


def as_json(answer: Any) -> Reply:
    return Reply(body=orjson.dumps(answer, default=_number))


def _start_before(instant: datetime, length: timedelta) -> datetime:
    """Return the last start of an interval that is before `instant`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (instant - epoch - timedelta(microseconds=1)) // length * length


def _listed(market: Market) -> dict[str, Any]:
    cautions = {name: name in market.cautions for name in CAUTIONS}
    return {
        "market": market.code,
        "korean_name": market.local_name,
        "english_name": market.name,
        "market_event": {"warning": bool(market.cautions), "caution": cautions},
    }


def _last_price(market: Market, now: datetime) -> dict[str, Any]:
    """Return some of the fields that Upbit has; its day is the one in UTC."""
    day = timedelta(days=1)
    today = made_up_candle(market.code, market.price, _start_before(now, day), day, now)
    return {
        "market": market.code,
        "trade_timestamp": int(now.timestamp() * 1000),
        "opening_price": today.open,
        "high_price": today.high,
        "low_price": today.low,
        "trade_price": today.close,
        "acc_trade_price_24h": today.quote_volume,
        "acc_trade_volume_24h": today.volume,
    }


def _row(market: Market, candle: MadeUpCandle) -> dict[str, Any]:
    opened_at = candle.opened_at
    return {
        "market": market.code,
        "candle_date_time_utc": f"{opened_at:%Y-%m-%dT%H:%M:%S}",
        "candle_date_time_kst": f"{opened_at + KST:%Y-%m-%dT%H:%M:%S}",
        "opening_price": candle.open,
        "high_price": candle.high,
        "low_price": candle.low,
        "trade_price": candle.close,
        "timestamp": int(opened_at.timestamp() * 1000) + 59_000,
        "candle_acc_trade_price": candle.quote_volume,
        "candle_acc_trade_volume": candle.volume,
    }


def _number(value: Any) -> orjson.Fragment:
    """Return a number with all its digits; whole ones end in .0, as Upbit's do."""
    if not isinstance(value, Decimal):
        raise TypeError
    text = f"{value:f}"
    return orjson.Fragment(text if "." in text else f"{text}.0")
