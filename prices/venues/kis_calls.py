"""Calls to KIS (Korea Investment & Securities): signed, with the token that everybody shares.

KIS says what is wrong in the body, with whatever status. Source: apiportal.koreainvestment.com,
its pages on access tokens and error codes, as others quote them; read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from prices.venues.access_tokens import AccessTokens, AskedTooSoon, IssuedToken, TokenRefused
from prices.venues.answers import read_json, shown
from prices.venues.base import (
    InvalidAnswer,
    KeysMissing,
    KeysRefused,
    RateLimited,
    VenueUnavailable,
)
from prices.venues.caller import Answer, Caller
from vault.secret import Secret

KST = timezone(timedelta(hours=9), "KST")  # no daylight saving
TOKEN = "/oauth2/tokenP"  # noqa: S105
GROUP = "calls"  # KIS counts all calls of a key together
A_MINUTE = timedelta(seconds=60)
TOO_MANY = "EGW00201"
TOO_SOON = "EGW00133"
TOKEN_REFUSED = ("EGW00121", "EGW00122", "EGW00123")  # invalid, unknown, expired
# Not admitted, wrong key, wrong secret, no right to this call, address not allowed, wrong secret.
KEYS_REFUSED = ("EGW00003", "EGW00004", "EGW00103", "EGW00105", "EGW00206", "EGW00207", "EGW00304")
# A fault of its own, or between its machines.
AT_FAULT = ("EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00300", "EGW00301", "EGW00302")


@dataclass(frozen=True, slots=True)
class Keys:
    """What KIS gives its customer for an app."""

    app_key: Secret
    app_secret: Secret

    @property
    def mark(self) -> str:
        """What tells these keys from others, and cannot be used as one."""
        both = f"{self.app_key.reveal()} {self.app_secret.reveal()}"
        return sha256(both.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Login:
    """The keys, and who keeps the access token that KIS gives for them."""

    keys: Keys
    tokens: AccessTokens


class KisCalls:
    """GET from KIS. login: None = there are no keys, and nothing can be asked."""

    def __init__(self, caller: Caller, login: Login | None) -> None:
        self._caller = caller
        self._login = login

    def get(
        self, path: str, transaction: str, where: str, params: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Return what KIS answers; with a new token, once, if it refuses ours. Raise VenueError.

        transaction  KIS's name of the call, its tr_id
        """
        tokens = self.required_login().tokens
        token = tokens.current(self._ask_for_token)
        try:
            return self._get(path, transaction, where, params, token)
        except TokenRefused:
            tokens.refuse(token)
        token = tokens.current(self._ask_for_token)
        try:
            return self._get(path, transaction, where, params, token)
        except TokenRefused as exc:
            tokens.refuse(token)
            raise KeysRefused(f"{exc} It refuses a new access token, too.") from exc

    def _get(
        self, path: str, transaction: str, where: str, params: Mapping[str, str], token: Secret
    ) -> Mapping[str, Any]:
        keys = self.required_login().keys

        def ask() -> Mapping[str, Any]:
            headers = {
                "content-type": "application/json; charset=utf-8",
                "authorization": f"Bearer {token.reveal()}",
                "appkey": keys.app_key.reveal(),
                "appsecret": keys.app_secret.reveal(),
                "tr_id": transaction,
                "custtype": "P",
            }
            answer = self._caller.send("GET", path, where, params=params, headers=headers)
            return self._read(answer, where)

        return self._caller.in_turn(GROUP, ask)

    def required_login(self) -> Login:
        """Return the login. Raise KeysMissing."""
        if self._login is None:
            raise KeysMissing(
                "kis tells prices only to its customers: set KIS_APP_KEY and KIS_APP_SECRET."
            )
        return self._login

    def _ask_for_token(self) -> IssuedToken:
        keys, where = self.required_login().keys, f"kis {TOKEN}"

        def ask() -> IssuedToken:
            body = {
                "grant_type": "client_credentials",
                "appkey": keys.app_key.reveal(),
                "appsecret": keys.app_secret.reveal(),
            }
            return _read_token(
                self._read(self._caller.send("POST", TOKEN, where, json=body), where)
            )

        return self._caller.in_turn(GROUP, ask)

    def _read(self, answer: Answer, where: str) -> Mapping[str, Any]:
        """Return the answer. Raise the VenueError that its code means, or else its status."""
        said = _object_in(answer.body)
        code = str(said.get("msg_cd") or said.get("error_code") or "")
        if code and said.get("rt_cd") != "0":
            message = str(said.get("msg1") or said.get("error_description") or "").strip()
            self._refuse(code, f"{where} answered {answer.status}: {message[:200]} ({code}).")
        self._caller.refuse_the_rest(answer, where)
        if not said:
            read_json(answer.body, where)
            raise InvalidAnswer(f"{where} answered no object: {shown(answer.body)}.")
        return said

    def _refuse(self, code: str, said: str) -> None:
        now = self._caller.chance.now()
        if code == TOO_MANY:
            raise RateLimited(said, until=now)
        if code == TOO_SOON:
            raise AskedTooSoon(said, until=now + A_MINUTE)
        if code in TOKEN_REFUSED:
            raise TokenRefused(said)
        if code in KEYS_REFUSED:
            raise KeysRefused(f"{said} Are KIS_APP_KEY, KIS_APP_SECRET and KIS_URL right?")
        if code in AT_FAULT:
            raise VenueUnavailable(said)
        raise InvalidAnswer(said)


def _read_token(answer: Mapping[str, Any]) -> IssuedToken:
    """Return the token. No message quotes the answer: it may be half a token."""
    where = f"kis {TOKEN}"
    token, text = answer.get("access_token"), answer.get("access_token_token_expired")
    if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token):
        raise InvalidAnswer(f"{where} answered without a token.")
    try:
        local = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
    except ValueError as exc:
        raise InvalidAnswer(f"{where}: the end of the token is no time.") from exc
    return IssuedToken(token=Secret(token), expires_at=local.astimezone(UTC))


def _object_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object; an empty one if it is something else."""
    try:
        answer = read_json(body, "")
    except InvalidAnswer:
        return {}
    return answer if isinstance(answer, dict) else {}
