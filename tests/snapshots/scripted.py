"""A source that says what a test wants it to: whole, in part, late, wrong, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from snapshots.capture.taking import Captured, capture
from snapshots.models import Account
from snapshots.slots import slot_of
from snapshots.sources import SOURCES
from snapshots.sources.base import Part, Position, Source, SourceError, Statement
from tests.snapshots.factories import SCHEDULED_AT, make_account

QUARTER = timedelta(minutes=15)
USUAL = {
    "Kraken": {"BTC": ("1", "50000"), "ETH": ("10", "3000")},
    "Ledger": {"SOL": ("100", "150")},
}
TOTAL = Decimal(95_000)


@dataclass
class Script:
    """What is answered next. `ask` = how often it was asked."""

    answer: Statement | SourceError | None = None
    asked: int = 0
    later: list[Statement | SourceError] = field(default_factory=list)

    def next(self) -> Statement | SourceError:
        self.asked += 1
        if self.later:
            self.answer = self.later.pop(0)
        assert self.answer is not None
        return self.answer


SCRIPTS: dict[str, Script] = {}


class Scripted(Source):
    def __init__(self, script: Script) -> None:
        self._script = script

    @classmethod
    def configured(cls, settings: Mapping[str, Any], *_: Any) -> Scripted:
        return cls(SCRIPTS.setdefault(settings["script"], Script()))

    def fetch(self) -> Statement:
        answer = self._script.next()
        if isinstance(answer, SourceError):
            raise answer
        return answer


@contextmanager
def scripted_sources() -> Iterator[None]:
    """Let accounts have the source `scripted` inside."""
    SCRIPTS.clear()
    with patch.dict(SOURCES, {"scripted": Scripted}):
        yield


def make_scripted(name: str = "Main", **overrides: Any) -> tuple[Account, Script]:
    account = make_account(source="scripted", name=name, settings={"script": name}, **overrides)
    return account, SCRIPTS.setdefault(name, Script())


def statement(
    places: Mapping[str, Mapping[str, tuple[str, str]]] = USUAL,
    *,
    at: datetime = SCHEDULED_AT,
    failed: Mapping[str, str] | None = None,
    factor: str = "1",
    currency: str = "USD",
    **more: Any,
) -> Statement:
    """Return a statement with a part for each place; `failed` ones have an error instead."""
    failed = failed or {}
    parts = [Part(name, is_ok=name not in failed, error=failed.get(name, "")) for name in places]
    positions = [
        Position(
            ticker=ticker,
            kind="coin",
            amount=Decimal(amount),
            value=Decimal(amount) * Decimal(price) * Decimal(factor),
            location=place,
            part=place,
        )
        for place, coins in places.items()
        if place not in failed
        for ticker, (amount, price) in coins.items()
    ]
    return Statement(
        positions=tuple(positions), parts=tuple(parts), currency=currency, as_of=at, **more
    )


def take(
    account: Account,
    script: Script,
    answer: Statement | SourceError,
    *,
    quarter: int = 0,
    is_eod: bool = False,
    min_usd: str = "1",
) -> Captured:
    """Take the slot so many quarters after SCHEDULED_AT with `answer`, as of then."""
    at = SCHEDULED_AT + quarter * QUARTER
    if isinstance(answer, Statement) and answer.as_of == SCHEDULED_AT:
        answer = replace(answer, as_of=at)
    script.answer = answer
    slot = slot_of(at, is_eod=is_eod, zone=account.zone)
    return capture(account, slot, min_usd=Decimal(min_usd), run_id=quarter, now=at)
