"""Saxo, made up: its login with PKCE, tokens that rotate, balances, positions and series."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from prices.demo.server import Reply, Request, VenueServer

KEYS = {"app_key": "demo-app-0123456789"}
ACCESS_LIFE, REFRESH_LIFE = timedelta(seconds=1200), timedelta(seconds=2400)
# Symbol, description, amount, price, currency, value in the account's currency.
HELD = (
    ("AAPL:xnas", "Apple Inc.", 10, 230.5, "USD", 2130.12),
    ("IWDA:xams", "iShares Core MSCI World", 20, 105.995, "EUR", 2119.9),
    ("NESN:xvtx", "Nestlé", 5, 82.1, "CHF", 437.25),
)
CASH, COSTS = 1000.25, -12.5
SALARY, STAYS = 1000, 13  # days
Held = tuple[str, str, int, float, str, float]


class SaxoServer(VenueServer):
    """A client with one account, at the paths of gateway and login.

    .url            of the gateway, `.login_url` of the login
    .page           positions in one answer
    .reliability    what the balance says of its own number; `.doubted` those of positions
    .missing        how many positions `__count` has more than there are
    .pay_day        of each month, on which 1000 come in; as much leaves 13 days later
    .refreshed      how often a refresh token was taken; `.refused` how often it was a used one
    """

    def __init__(
        self,
        port: int = 0,
        *,
        app_key: str = KEYS["app_key"],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(port)
        self.app_key = app_key
        self.now = now
        self.held = list(HELD)
        self.page = 2
        self.reliability = "Ok"
        self.doubted: dict[str, str] = {}
        self.pay_day = 2
        self.missing = self.refreshed = self.refused = 0
        self._codes: dict[str, str] = {}  # the challenge, by code
        self._access: dict[str, datetime] = {}  # the end, by token
        self._refresh: dict[str, tuple[datetime, str]] = {}  # end and challenge, by token

    @property
    def login_url(self) -> str:
        return self.url

    def log_in(self, verifier: str) -> dict[str, Any]:
        """Return tokens as if the owner had logged in."""
        with self._lock:
            return self._tokens(challenge_of(verifier))

    def end_access(self) -> None:
        """Let no access token be good any more, before its time."""
        with self._lock:
            self._access.clear()

    def reply(self, request: Request) -> Reply:
        if request.path == "/authorize":
            return self._authorize(request)
        if request.path == "/token":
            with self._lock:
                return self._token(dict(parse_qsl(request.body.decode())))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._access.get(token, self.now()) <= self.now():
            return Reply(status=401)
        paths = {
            "/openapi/port/v1/balances/me": self._balances,
            "/openapi/port/v1/positions/me": self._positions,
            "/openapi/port/v1/clients/me": lambda _: {"ClientKey": "demo==", "Name": "Demo"},
            "/openapi/hist/v4/performance/timeseries": self._series,
        }
        answer = paths.get(request.path)
        return as_json(answer(request)) if answer else Reply(status=404)

    def _authorize(self, request: Request) -> Reply:
        """Send the owner back with a code, as if he had typed his password."""
        params = request.params
        if params.get("client_id") != self.app_key:
            return Reply(status=400, body=b"unknown app", content_type="text/plain")
        code = secrets.token_urlsafe(16)
        with self._lock:
            self._codes[code] = params["code_challenge"]
        back = urlencode({"code": code, "state": params["state"]})
        return Reply(status=302, headers={"Location": f"{params['redirect_uri']}?{back}"})

    def _token(self, form: dict[str, str]) -> Reply:
        proof = challenge_of(form.get("code_verifier", ""))
        if form.get("client_id") != self.app_key:
            return as_json({"error": "invalid_client"}, status=401)
        if form.get("grant_type") == "authorization_code":
            if self._codes.pop(form.get("code", ""), None) != proof:
                return as_json({"error": "invalid_grant"}, status=400)
            return as_json(self._tokens(proof), status=201)
        end, challenge = self._refresh.pop(form.get("refresh_token", ""), (self.now(), ""))
        if end <= self.now() or challenge != proof:
            self.refused += 1
            return as_json({"error": "invalid_grant"}, status=401)
        self.refreshed += 1
        return as_json(self._tokens(proof), status=201)

    def _tokens(self, challenge: str) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._access[access] = self.now() + ACCESS_LIFE
        self._refresh[refresh] = (self.now() + REFRESH_LIFE, challenge)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }

    def held_at(self, at: datetime) -> Sequence[Held]:
        return self.held

    def cash_at(self, at: datetime) -> float:
        return CASH

    def _balances(self, _: Request) -> dict[str, Any]:
        now = self.now()
        held, cash = sum(value for *_, value in self.held_at(now)), self.cash_at(now)
        return {
            "CalculationReliability": self.reliability,
            "CashBalance": cash,
            "CostToClosePositions": COSTS,
            "Currency": "EUR",
            "TotalValue": round(cash + COSTS + held, 2),
            "TransactionsNotBooked": 0,
        }

    def _positions(self, request: Request) -> dict[str, Any]:
        skip = int(request.params.get("$skip", 0))
        held = self.held_at(self.now())
        rows = [self._position(*row) for row in held[skip : skip + self.page]]
        answer = {"__count": len(held) + self.missing, "Data": rows}
        if skip + self.page < len(held):
            query = f"$top={self.page}&$skip={skip + self.page}"
            answer["__next"] = f"https://elsewhere.example/port/v1/positions/me?{query}"
        return answer

    def _position(
        self, symbol: str, name: str, amount: int, price: float, currency: str, value: float
    ) -> dict[str, Any]:
        return {
            "NetPositionId": symbol,
            "PositionBase": {
                "AccountId": "90000/1",
                "Amount": amount,
                "AssetType": "Stock",
                "Uic": 211,
            },
            "PositionView": {
                "CalculationReliability": self.doubted.get(symbol, "Ok"),
                "CurrentPrice": price,
                "CurrentPriceDelayMinutes": 15,
                "MarketValueInBaseCurrency": value,
            },
            "DisplayAndFormat": {"Currency": currency, "Description": name, "Symbol": symbol},
        }

    def _series(self, request: Request) -> dict[str, Any]:
        first, last = (date.fromisoformat(request.params[n]) for n in ("FromDate", "ToDate"))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]

        def series(values: Callable[[date], float]) -> list[dict[str, Any]]:
            return [{"Date": f"{day}T00:00:00Z", "Value": values(day)} for day in days]

        return {
            "Balance": {
                "AccountValue": series(self.worth_on),
                "CashTransfer": series(self.came_on),
                "SecurityTransfer": series(lambda day: 0),
            }
        }

    def worth_on(self, day: date) -> float:
        """Return what the account was worth: always the same of one day."""
        is_paid = self.pay_day <= day.day < self.pay_day + STAYS
        return 4999.5 + day.day + (SALARY if is_paid else 0)

    def came_on(self, day: date) -> float:
        """Return what came in on a day, less what left."""
        came, left = day.day == self.pay_day, day.day == self.pay_day + STAYS
        return SALARY * (came - left)


def too_many_requests(seconds: int = 3) -> Reply:
    headers = {
        "X-RateLimit-Session-Remaining": "0",
        "X-RateLimit-Session-Reset": str(seconds),
        "X-RateLimit-AppDay-Remaining": "9999",
        "X-RateLimit-AppDay-Reset": "60000",
    }
    return Reply(status=429, headers=headers)


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def as_json(answer: Any, *, status: int = 200) -> Reply:
    return Reply(status=status, body=orjson.dumps(answer))
