"""CoinTracking's API, made up: it checks signatures and nonces, and counts the calls of an hour."""

from __future__ import annotations

import hashlib
import hmac
import time as clock
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import orjson

from prices.demo.server import Reply, Request, VenueServer

DAY = timedelta(days=1)
KEYS = {"key": "demo-key-0123456789", "secret": "demo-secret-0123456789"}
# Exchange, ticker, amount, price in the account's currency.
HELD = (
    ("BINANCE", "BTC", "0.20000000", "95000"),
    ("BINANCE", "SOL2", "20.00000000", "150"),
    ("BINANCE", "BUSD", "-1683.46029011", "1"),
    ("LEDGER", "BTC", "0.30000000", "95000"),
    ("LEDGER", "PEPE4", "-0.00000001", "0.00001"),
    ("KRAKEN", "EUR", "1000.00000000", "1.08"),
)


class CoinTrackingServer(VenueServer):
    """An account whose owner has one key.

    .held       what is where: change it as you like, or say in a subclass what it is when
    .missing    tickers that `details` leaves out, while the total still has them
    .replayed   how many calls had a nonce that was not higher than the one before
    .forged     how many were not signed by the secret
    .began_on   the first day of its history
    """

    def __init__(
        self,
        port: int = 0,
        *,
        key: str = KEYS["key"],
        secret: str = KEYS["secret"],
        per_hour: int = 20,
        currency: str = "USD",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(port)
        self.key, self.secret = key, secret
        self.per_hour = per_hour
        self.currency = currency
        self.now = now
        self.held = list(HELD)
        self.missing: set[str] = set()
        self.began_on = date(2020, 1, 1)
        self.replayed = self.forged = 0
        self.last_nonce = 0
        self._calls: list[float] = []

    def reply(self, request: Request) -> Reply:
        if request.path != "/api/v1/":
            return Reply(status=404, body=b"Not found", content_type="text/html")
        params = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        method = params.get("method", "")
        with self._lock:
            refusal = self._refusal(request, params, method)
        methods = {
            "getBalance": self._balance,
            "getGroupedBalance": self._grouped,
            "getGains": self._gains,
            "getHistoricalSummary": self._history,
        }
        if refusal:
            return refusal
        if method not in methods:
            return failure(method, "NO_METHOD", "ERROR: Method not set")
        return as_json({"success": 1, "method": method} | methods[method](params))

    def _refusal(self, request: Request, params: Mapping[str, str], method: str) -> Reply | None:
        now = clock.monotonic()
        self._calls = [at for at in self._calls if at > now - 3600]
        if len(self._calls) >= self.per_hour:
            return blocked()
        self._calls.append(now)
        if request.headers.get("key") != self.key:
            return failure(method, "WRONG_KEY", "ERROR: Wrong API key")
        signed = hmac.new(self.secret.encode(), request.body, hashlib.sha512).hexdigest()
        if request.headers.get("sign") != signed:
            self.forged += 1
            return failure(method, "WRONG_SIGN", "ERROR: Wrong sign")
        nonce = params.get("nonce", "")
        if not nonce.isdigit() or int(nonce) <= self.last_nonce:
            self.replayed += 1
            return failure(method, "NONCE", "ERROR: Nonce must be greater than the last one")
        self.last_nonce = int(nonce)
        return None

    def held_at(self, at: datetime) -> Sequence[tuple[str, str, str, str]]:
        return self.held

    def _balance(self, _: Mapping[str, str]) -> dict[str, Any]:
        details: dict[str, Any] = {}
        total = Decimal(0)
        for _exchange, ticker, amount, price in self.held_at(self.now()):
            row = details.setdefault(ticker, {"amount": Decimal(0), "price": Decimal(price)})
            row["amount"] += Decimal(amount)
            total += Decimal(amount) * Decimal(price)
        shown = {
            ticker: _coin(ticker, row["amount"], row["price"])
            for ticker, row in details.items()
            if ticker not in self.missing
        }
        summary = {"value_fiat": _cents(total), "value_btc": "0.5", "profit_fiat": "12.00"}
        # PHP writes an empty object as a list.
        return {"account_currency": self.currency, "details": shown or [], "summary": summary}

    def _grouped(self, _: Mapping[str, str]) -> dict[str, Any]:
        details: dict[str, Any] = {}
        for exchange, ticker, amount, price in self.held_at(self.now()):
            value = Decimal(amount) * Decimal(price)
            group = details.setdefault(f"{exchange} BALANCE", {})
            group[ticker] = {"amount": amount, "fiat": _cents(value), "btc": "0.1"}
            group["TOTAL_SUMMARY"] = {"fiat": "1.00", "btc": "0.1"}
        return {"details": details or []}

    def _gains(self, _: Mapping[str, str]) -> dict[str, Any]:
        rows = self._balance({})["details"].values()
        return {
            "account_currency": self.currency,
            "gains": {
                row["coin"]: {
                    "coin": row["coin"],
                    "amount": row["amount"],
                    "cost": _cents(Decimal(row["value_fiat"]) / 2),
                    "current_price": row["price_fiat"],
                    "current_value": row["value_fiat"],
                }
                for row in rows
            },
        }

    def _history(self, params: Mapping[str, str]) -> dict[str, Any]:
        """Return a value of each midnight, and one of now, whatever the end is."""
        start, end = (datetime.fromtimestamp(int(params[name]), UTC) for name in ("start", "end"))
        first = max(datetime.combine(self.began_on, time.min, UTC), start.replace(hour=0))
        number_of_days = (min(end, self.now()) - first).days + 1
        midnights = [first + number * DAY for number in range(number_of_days)]
        asked = [at for at in midnights if start <= at <= end]
        totals = {
            str(int(at.timestamp())): f"{self.worth_at(at):.8f}" for at in [*asked, self.now()]
        }
        return {"historical": {"Total": totals, "BTC": totals} if totals else []}

    def worth_at(self, at: datetime) -> Decimal:
        """Return what the account was worth: always the same of one day, and near to now's."""
        total = sum((Decimal(row[2]) * Decimal(row[3]) for row in self.held), Decimal(0))
        day = at.date().toordinal()
        waves = Decimal(0)
        for height, length in ((8, 173), (3, 41), (1, 7)):
            waves += height * abs(Decimal(2 * (day % length)) / length - 1) - Decimal(height) / 2
        return (total * (100 + waves) / 100).quantize(Decimal("0.01"))


def failure(method: str, code: str, message: str) -> Reply:
    """Return an error as CoinTracking writes it: in an answer of status 200."""
    return as_json({"success": 0, "method": method, "error": code, "error_msg": message})


def blocked() -> Reply:
    return Reply(status=429, body=b"<html>Too many requests</html>", content_type="text/html")


def block_page() -> Reply:
    page = b"<html><body>Your API access has been blocked.</body></html>"
    return Reply(body=page, content_type="text/html")


def as_json(answer: Any) -> Reply:
    return Reply(body=orjson.dumps(answer))


def _coin(ticker: str, amount: Decimal, price: Decimal) -> dict[str, str]:
    return {
        "coin": ticker,
        "amount": f"{amount:.8f}",
        "value_fiat": _cents(amount * price),
        "price_fiat": f"{price:.8f}",
        "value_btc": "0.10000000",
        "change24h": "-1.20",
    }


def _cents(value: Decimal) -> str:
    return f"{value:.2f}"
