from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.rates import UsdRate
from snapshots.sources.base import InvalidStatement, Part, Position, Statement
from snapshots.valuation import MissingRate, value_statement
from tests.snapshots.factories import WRITTEN_AT

RATE = UsdRate(rate=Decimal("1.0823"), at=WRITTEN_AT, source="ECB")


def statement(*values, currency="USD"):
    positions = tuple(
        Position(
            ticker=f"T{number}",
            kind="coin",
            amount=Decimal(1),
            value=None if value is None else Decimal(value),
        )
        for number, value in enumerate(values)
    )
    return Statement(
        positions=positions, parts=(Part("balance.csv"),), currency=currency, as_of=WRITTEN_AT
    )


def value(given, *, currency="USD", rate=None, min_usd="1"):
    return value_statement(given, currency=currency, rate=rate, min_usd=Decimal(min_usd))


@pytest.mark.parametrize("min_usd", ["0", "1", "100", "1000000"])
def test_threshold_never_changes_the_total(min_usd):
    valuation = value(statement("5000.00", "99.99", "0.40", "-0.30", "-70.00"), min_usd=min_usd)

    shown = sum(item.value_usd for item in valuation.positions)
    assert valuation.total_usd == Decimal("5030.09")
    assert shown + valuation.dust_value_usd == valuation.total_usd
    assert len(valuation.positions) + valuation.dust_count == 5


def test_dust_is_what_is_worth_less_by_magnitude():
    valuation = value(statement("1.00", "0.99", "-0.99", "-1.00", "-500.00"))

    assert [str(item.value) for item in valuation.positions] == ["-500.00", "1.00", "-1.00"]
    assert valuation.dust_count == 2
    assert valuation.dust_value_usd == 0


def test_rate_converts_each_value_and_is_kept():
    valuation = value(statement("100.00", "0.93", currency="EUR"), currency="EUR", rate=RATE)

    assert valuation.total_value == Decimal("100.93")
    assert valuation.total_usd == Decimal("100.93") * Decimal("1.0823")
    assert [str(item.value_usd) for item in valuation.positions] == ["108.230000", "1.006539"]
    assert valuation.rate == RATE


def test_values_in_usd_need_no_rate():
    assert value(statement("5.00"), rate=RATE).rate is None


def test_sum_keeps_more_digits_than_python_does_by_default():
    valuation = value(statement("100000000000000.01", "0.000000000000000001"), min_usd="0")

    assert valuation.total_usd == Decimal("100000000000000.010000000000000001")


def test_other_currency_without_a_rate_says_what_to_set():
    with pytest.raises(MissingRate) as failure:
        value(statement("5.00", currency="EUR"), currency="EUR")

    assert "Set 'usd_rate' in the account's settings" in str(failure.value)
    assert '{"usd_rate": {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}}' in str(
        failure.value
    )


def test_other_currency_than_the_accounts_says_both():
    with pytest.raises(MissingRate) as failure:
        value(statement("5.00", currency="EUR"))

    assert str(failure.value).startswith(
        "balance.csv has its values in EUR, but the account is kept in USD. Export in USD, or set "
        "the account's currency to EUR and its setting 'usd_rate'"
    )


def test_position_without_a_value_is_never_worth_nothing():
    with pytest.raises(InvalidStatement, match="positions without a value: T1, T2"):
        value(statement("5.00", None, None))


def test_many_positions_without_a_value_are_counted():
    with pytest.raises(InvalidStatement, match="T0, T1, T2, T3, T4 and 3 more"):
        value(statement(*[None] * 8))


def test_total_that_no_portfolio_reaches_is_refused():
    with pytest.raises(InvalidStatement, match=r"adds up to 1\.8E\+18"):
        value(statement("900000000000000000.00", "-900000000000000000.00"))
