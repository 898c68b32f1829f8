"""What an account at Upbit holds, valued with the prices that we collect ourselves.

Source: docs.upbit.com/kr/reference, "전체 계좌 조회" and "인증", read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

import orjson

from prices.venues.answers import (
    read_json,
    read_number_in_text,
    read_rows,
    read_text,
    shown,
)
from prices.venues.base import InvalidAnswer
from prices.venues.caller import Caller, error_of
from snapshots.sources.base import MAX_TICKER, InvalidSettings, Part, Position, Statement
from snapshots.sources.calling import as_source_errors, who_asks, without_secrets
from snapshots.sources.marks import mark_of
from snapshots.sources.numbers import LIMIT
from snapshots.sources.surroundings import Surroundings
from vault.secret import Secret

NAME = "upbit"
PATH = "/v1/accounts"
GROUP = "exchange"
CALLS_PER_SECOND = {GROUP: 8.0}  # of 30 that it allows to each account
CURRENCY = "KRW"
MAX_AGE = timedelta(hours=1)  # of a price; they are collected every ten minutes


class Upbit:
    """An account at Upbit in won. What has no price of ours has no value: it is never 0."""

    credential: ClassVar[Mapping[str, str]] = {
        "access_key": "Access key",
        "secret_key": "Secret key",
    }

    def __init__(self, around: Surroundings, max_age: timedelta) -> None:
        self._around = around
        self._max_age = max_age

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> Upbit:
        """Read `max_price_age_minutes`, 60 unless it says otherwise."""
        minutes = settings.get("max_price_age_minutes", MAX_AGE // timedelta(minutes=1))
        if type(minutes) is not int or not 1 <= minutes <= 10_080:
            raise InvalidSettings(
                f"'max_price_age_minutes' is {minutes!r}. Use a number from 1 to 10080."
            )
        return cls(around, timedelta(minutes=minutes))

    def fetch(self) -> Statement:
        """Return what is held now; a coin without a price of ours has no value."""
        asked_at = self._around.chance.now()
        return Statement(
            positions=tuple(self._positions()),
            parts=(Part(PATH),),
            currency=CURRENCY,
            as_of=asked_at,
        )

    def _positions(self) -> Iterator[Position]:
        where = f"{NAME} {PATH}"
        with as_source_errors(self._around.login):
            rows = read_rows(self._ask(where), where)
            held = [(_ticker(row, where), _amount(row, where)) for row in rows]
            if len(dict(held)) < len(held):
                raise InvalidAnswer(f"{where} lists a currency twice.")
        for ticker, amount in held:
            if ticker == CURRENCY:
                yield Position(
                    ticker=ticker, kind="currency", amount=amount, value=amount, part=PATH
                )
                continue
            known = self._around.find_price(NAME, f"{CURRENCY}-{ticker}", self._max_age)
            yield Position(
                ticker=ticker,
                kind="coin",
                amount=amount,
                value=amount * known.price if known else None,
                price=known.price if known else None,
                priced_at=known.at if known else None,
                part=PATH,
            )

    def _ask(self, where: str) -> Any:
        around = self._around
        fields = who_asks(around.login, self.credential)
        gate = around.open_gate(NAME, mark_of(fields["access_key"]), CALLS_PER_SECOND)
        caller = Caller(NAME, around.address_of("UPBIT"), gate, around.chance)

        def ask() -> Any:
            headers = {"Authorization": f"Bearer {_token(fields)}"}
            answer = caller.send("GET", PATH, where, headers=headers)
            answer = without_secrets(answer, around.login)
            if answer.status == 403 and error_of(answer.body) is None:
                # Not a word of Upbit's about the keys: what stands before it keeps us out.
                raise caller.banned(f"{where} answered 403: {shown(answer.body)}", answer)
            caller.refuse_the_rest(answer, where)
            return read_json(answer.body, where)

        with closing(caller):
            return caller.in_turn(GROUP, ask)


def _token(fields: Mapping[str, Secret]) -> str:
    """Return a JSON web token for one request: no other one may have its nonce."""
    head = {"alg": "HS512", "typ": "JWT"}
    body = {"access_key": fields["access_key"].reveal(), "nonce": str(uuid4())}
    signed = ".".join(_encoded(orjson.dumps(part)) for part in (head, body))
    secret = fields["secret_key"].reveal().encode()
    return f"{signed}.{_encoded(hmac.new(secret, signed.encode(), hashlib.sha512).digest())}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _ticker(row: Mapping[str, Any], where: str) -> str:
    ticker = read_text(row, "currency", where)
    if len(ticker) > MAX_TICKER:
        raise InvalidAnswer(f"{where}: {shown(ticker)} is no currency.")
    return ticker


def _amount(row: Mapping[str, Any], where: str) -> Decimal:
    """Return what is free and what orders have locked."""
    total = Decimal(0)
    for name in ("balance", "locked"):
        number = read_number_in_text(row, name, where)
        if number is None or abs(number) >= LIMIT:
            raise InvalidAnswer(f"{where}: {name!r} is {shown(row[name])}, expected an amount.")
        total += number
    return total
