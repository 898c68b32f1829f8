"""Call CoinTracking's API: signed, numbered, in turn, and never more than it takes in an hour.

Source: cointracking.info/api, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from prices.venues.answers import read_json, shown
from prices.venues.base import InvalidAnswer, VenueUnavailable
from prices.venues.caller import Answer, Caller, retry_after
from snapshots.sources.base import CredentialRefused, InvalidStatement, SourceUnavailable
from snapshots.sources.calling import who_asks, without_secrets
from snapshots.sources.marks import mark_of
from snapshots.sources.surroundings import Surroundings
from vault.secret import Secret

NAME = "cointracking_api"
PATH = "/api/v1/"
CREDENTIAL = {"key": "API key", "secret": "API secret"}
TIERS = (20, 60)  # calls an hour: Pro and Expert, Unlimited
BLOCKED = timedelta(hours=1)  # nobody calls for so long after a refusal that may become a block
# What the error says when the key is at fault. It is text: there is no list of codes.
KEY_ERRORS = ("KEY", "SIGN", "AUTH", "PERMISSION")
LIMIT_ERRORS = ("LIMIT", "TOO_MANY", "BLOCK")
BLOCK_PAGE = re.compile(rb"\bblocked\b", re.IGNORECASE)  # not the `display: block` of any page


class Calls:
    """All calls that one account makes. Nothing is tried twice: each try counts."""

    def __init__(self, around: Surroundings, *, per_hour: int) -> None:
        self._around = around
        self._per_hour = per_hour

    def ask(self, method: str, **params: str) -> dict[str, Any]:
        """Send one call, and return its answer. Raise SourceError."""
        fields = who_asks(self._around.login, CREDENTIAL)
        mark = mark_of(fields["key"])
        with self._around.queue.turn(NAME, mark, per_hour=self._per_hour) as nonce:
            body = urlencode({"method": method, "nonce": nonce, **params}).encode()
            answer = self._send(body, fields, where=f"{NAME} {method}")
        return self._read(answer, method, mark)

    def _send(self, body: bytes, fields: Mapping[str, Secret], where: str) -> Answer:
        secret = fields["secret"].reveal().encode()
        headers = {
            "Key": fields["key"].reveal(),
            "Sign": hmac.new(secret, body, hashlib.sha512).hexdigest(),  # of the very bytes
            "Content-Type": "application/x-www-form-urlencoded",
        }
        around = self._around
        gate = around.open_gate(NAME, "", {})
        caller = Caller(NAME, around.address_of("COINTRACKING"), gate, around.chance)
        try:
            answer = caller.send("POST", PATH, where, content=body, headers=headers)
            return without_secrets(answer, around.login)
        except VenueUnavailable as exc:
            raise SourceUnavailable(str(exc)) from exc
        except InvalidAnswer as exc:
            raise InvalidStatement(str(exc)) from exc
        finally:
            caller.close()

    def _read(self, answer: Answer, method: str, mark: str) -> dict[str, Any]:
        where = f"{NAME} {method}"
        said = f"{where} answered {answer.status}: {shown(answer.body)}"
        if answer.status in (403, 418, 429):
            raise self._blocked(said, mark, retry_after(answer.headers))
        if answer.status >= 500:
            raise SourceUnavailable(said)
        if answer.status == 401:
            raise self._refused(said)
        try:
            read = read_json(answer.body, where)
        except InvalidAnswer as exc:
            if BLOCK_PAGE.search(answer.body):
                raise self._blocked(said, mark, None) from None
            raise InvalidStatement(str(exc)) from None
        if not isinstance(read, dict) or answer.status != 200:
            raise InvalidStatement(said)
        if read.get("success") not in (1, "1"):
            raise self._failure(read, where, mark)
        result = read.get("result")
        return {**read, **result} if isinstance(result, dict) else read

    def _failure(self, read: Mapping[str, Any], where: str, mark: str) -> Exception:
        code = str(read.get("error", ""))
        reason = str(read.get("error_msg") or code or "no success")
        said = f"{where} says: {shown(reason)}."
        if any(word in code.upper() for word in LIMIT_ERRORS):
            return self._blocked(said, mark, None)
        if any(word in code.upper() for word in KEY_ERRORS):
            return self._refused(said)
        return SourceUnavailable(said)

    def _blocked(self, said: str, mark: str, pause: timedelta | None) -> SourceUnavailable:
        until = self._around.chance.now() + max(pause or BLOCKED, BLOCKED)
        self._around.queue.ban(NAME, mark, until, said)
        return SourceUnavailable(f"{said} Nobody calls it before {until:%Y-%m-%d %H:%M:%S}Z.")

    def _refused(self, said: str) -> CredentialRefused:
        said = f"{said} Set another key and secret."
        self._around.login.refuse(said)
        return CredentialRefused(said)
