"""How an exchange of ccxt sends: by our caller, and not by its own.

So it waits its turn at the gate that all processes share, has our limits on time and size, always
checks certificates, takes no proxy to this machine, and reads numbers exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlsplit

from prices.venues.answers import shown
from prices.venues.base import InvalidAnswer
from prices.venues.by_ccxt.errors import meant_by
from prices.venues.caller import Answer, Caller

GROUP = "calls"  # ccxt counts all calls of an exchange together, each with its cost
STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
Keys = Mapping[str, str]  # apiKey, secret, password: as ccxt names them


class Transport:
    """Stands before a class of ccxt, and takes over what it sends."""

    id: str
    headers: dict[str, str]
    our_caller: Caller
    our_address: str = ""  # instead of the exchange's own: https://host or http://127.0.0.1:port
    our_cost: float = 1.0

    def throttle(self, cost: float | None = None) -> None:
        """Remember what the next call costs; the gate lets it wait."""
        self.our_cost = cost or 1.0

    def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: str | None = None
    ) -> Any:
        """Return the JSON that `url` answers; numbers with a point are texts. Raise VenueError."""
        where = f"{self.id} {urlsplit(url).path}"
        own = self.set_headers(dict(headers or {}) | self.headers)  # type: ignore[attr-defined]
        cost, self.our_cost = self.our_cost, 1.0

        def ask() -> Any:
            sent = self.our_caller.send(
                method, self._placed(url), where, headers=own, content=body and body.encode()
            )
            return self._read(sent, url, method, where)

        return self.our_caller.in_turn(GROUP, ask, cost=cost)

    def parse_ohlcvs(self, ohlcvs: Any, market: Any = None, *_: Any) -> list[Any]:
        """Return each candle as ccxt reads it: of itself it drops those that it cannot read."""
        return [self.parse_ohlcv(row, market) for row in ohlcvs]  # type: ignore[attr-defined]

    def _placed(self, url: str) -> str:
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}"
        return self.our_address + url.removeprefix(own) if self.our_address else url

    def _read(self, answer: Answer, url: str, method: str, where: str) -> Any:
        if answer.status in (418, 429):
            self.our_caller.refuse_the_rest(answer, where)
        text, told = answer.body.decode(errors="replace").strip(), read_texts(answer.body)
        try:
            # It is told of the exchange's own address, by which it knows its errors.
            self.handle_errors(  # type: ignore[attr-defined]
                answer.status, "", url, method, answer.headers, text, told, {}, None
            )
        except base_error() as exc:
            error = meant_by(exc, answer, where, self.our_caller)
            if error is not None:
                raise error from exc
        except STUMBLES:  # over an answer that is none of the exchange's own
            pass
        self.our_caller.refuse_the_rest(answer, where)
        if told is None:
            raise InvalidAnswer(f"{where} answered no JSON: {shown(answer.body)}.")
        return told


def make_exchange(name: str, *, address: str = "", keys: Keys | None = None) -> Any:
    """Return ccxt's exchange `name`, which has no caller yet: see `Transport`."""
    import ccxt

    kind = type(name, (Transport, getattr(ccxt, name)), {})
    exchange: Any = kind({"number": Decimal, "enableRateLimit": True, **(keys or {})})
    exchange.our_address = address
    _ask_for_one_kind(exchange)
    return exchange


def base_error() -> type[Exception]:
    """Return what all errors of ccxt inherit from."""
    from ccxt.base.errors import BaseError

    error: type[Exception] = BaseError
    return error


def read_texts(body: bytes) -> Any:
    """Return an object or a list, where numbers with a point are as they were sent.

    None if it is neither, nor JSON at all.
    """
    with suppress(ValueError, RecursionError):
        told = json.loads(body, parse_float=str, parse_constant=_refuse_constant)
        return told if isinstance(told, (dict, list)) else None
    return None


def _ask_for_one_kind(exchange: Any) -> None:
    """Let it list spot markets only, where it would ask other hosts for derivatives as well."""
    options = exchange.options.get("fetchMarkets")
    types = options.get("types") if isinstance(options, dict) else None
    if isinstance(types, list) and "spot" in types:
        options["types"] = ["spot"]
    elif isinstance(types, dict) and "spot" in types:
        options["types"] = {kind: kind == "spot" for kind in types}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number.")
