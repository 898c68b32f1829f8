"""Pairs of currencies that are made up, for servers that speak as an exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from prices.demo.prices import MadeUpCandle, made_up_candle
from prices.demo.server import Reply

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LISTED_AT = datetime(2018, 1, 1, tzinfo=UTC)
PRICES = {"BTC": "67000", "ETH": "1930", "SOL": "84.7", "DOGE": "0.0912", "SHIB": "0.00000543"}
Stretch = tuple[datetime, datetime]  # from, until


@dataclass(slots=True, kw_only=True)
class Pair:
    """What trades at an exchange. It can be changed while the server runs.

    quiet  stretches in which nothing was traded
    """

    base: str
    quote: str
    price: Decimal
    listed_at: datetime = LISTED_AT
    is_trading: bool = True
    quiet: Sequence[Stretch] = ()

    @property
    def name(self) -> str:
        return f"{self.base}/{self.quote}"


def made_up_pairs(quote: str) -> list[Pair]:
    return [Pair(base=base, quote=quote, price=Decimal(price)) for base, price in PRICES.items()]


def candles_from(
    pair: Pair, length: timedelta, since: datetime, now: datetime
) -> Iterator[MadeUpCandle]:
    """Yield the pair's candles that opened in [since, now], oldest first."""
    opened_at = EPOCH - (EPOCH - max(since, pair.listed_at)) // length * length
    while opened_at <= now:
        if not any(begin <= opened_at < end for begin, end in pair.quiet):
            yield made_up_candle(pair.name, pair.price, opened_at, length, now)
        opened_at += length


def as_json(answer: Any, *, status: int = 200, **headers: str) -> Reply:
    body = orjson.dumps(answer)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=body, headers=named)


def maintenance_page(status: int = 200) -> Reply:
    """Return the page of a gateway, which may say 200 all the same."""
    page = b"<!DOCTYPE html><html><body>Under maintenance</body></html>"
    return Reply(status=status, body=page, content_type="text/html")
