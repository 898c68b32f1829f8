"""Upbit's list of what an account holds, made up; it checks who asks."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from prices.demo.server import Reply, Request, VenueServer

KEYS = {"access_key": "demo-access-0123456789", "secret_key": "demo-secret-0123456789"}
HELD = {"KRW": ("1000000.0", "0.0"), "BTC": ("0.1", "0.05"), "ETH": ("2.0", "0.0")}


class UpbitAccountServer(VenueServer):
    """An account with one pair of keys; a subclass may have other paths beside it.

    .held  balance and what orders have locked, by currency
    """

    def __init__(
        self,
        port: int = 0,
        *,
        access_key: str = KEYS["access_key"],
        secret_key: str = KEYS["secret_key"],
        **more: Any,
    ) -> None:
        super().__init__(port, **more)
        self.access_key, self.secret_key = access_key, secret_key
        self.held = dict(HELD)
        self._nonces: set[str] = set()

    def reply(self, request: Request) -> Reply:
        if request.path != "/v1/accounts":
            return super().reply(request)
        refused = self._refusal(request.headers.get("authorization", ""))
        if refused:
            return refusal(401, refused)
        return Reply(body=self.listed())

    def listed(self) -> bytes:
        """Return the list of what is held."""
        rows = [
            {
                "currency": currency,
                "balance": balance,
                "locked": locked,
                "avg_buy_price": "0",
                "avg_buy_price_modified": False,
                "unit_currency": "KRW",
            }
            for currency, (balance, locked) in self.held.items()
        ]
        return orjson.dumps(rows)

    def _refusal(self, authorization: str) -> str:
        signed, _, signature = authorization.removeprefix("Bearer ").rpartition(".")
        due = hmac.new(self.secret_key.encode(), signed.encode(), hashlib.sha512).digest()
        if signature != urlsafe_b64encode(due).rstrip(b"=").decode():
            return "jwt_verification"
        body: dict[str, Any] = orjson.loads(urlsafe_b64decode(signed.split(".")[1] + "=="))
        if body["access_key"] != self.access_key:
            return "invalid_access_key"
        if body["nonce"] in self._nonces:
            return "nonce_used"
        self._nonces.add(body["nonce"])
        return ""


def refusal(status: int, name: str) -> Reply:
    error = {"name": name, "message": f"Refused: {name}."}
    return Reply(status=status, body=orjson.dumps({"error": error}))
