from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from snapshots.sources.base import Part, Position, Reliability, Statement

EURO = Position(ticker="EUR", kind="currency", amount=Decimal(5), value=Decimal(5))
BITCOIN = Position(ticker="BTC", kind="coin", amount=Decimal(1), value=Decimal(9))


def make_statement(*parts: Part, reliability: Reliability = "ok") -> Statement:
    return Statement(
        positions=(EURO, BITCOIN),
        parts=parts,
        currency="EUR",
        as_of=datetime(2026, 3, 2, tzinfo=UTC),
        reliability=reliability,
    )


@pytest.mark.parametrize(
    ("statement", "is_complete"),
    [
        pytest.param(make_statement(Part("a"), Part("b")), True, id="all-parts"),
        pytest.param(make_statement(Part("a"), Part("b", False, "503")), False, id="one-failed"),
        pytest.param(make_statement(), False, id="no-part"),
        pytest.param(make_statement(Part("a"), reliability="doubtful"), False, id="doubtful"),
    ],
)
def test_a_statement_is_complete_if_all_of_it_is_there_and_stood_by(statement, is_complete):
    assert statement.is_complete is is_complete


def test_cash_is_what_is_money():
    assert make_statement(Part("a")).cash == (EURO,)
