from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from snapshots.sources.base import InvalidStatement, Part, Position, Statement
from snapshots.valuing.rates import Rates, UsdRate
from snapshots.valuing.valuation import MissingRate, missing_rate, require_currency, value_pieces
from snapshots.valuing.whole import Line, Piece
from tests.snapshots.factories import WRITTEN_AT

RATE = UsdRate(rate=Decimal("1.0823"), at=WRITTEN_AT, source="ECB")
IN_USD = Rates(to_usd=None, reporting_currency="USD", to_reporting=None)
IN_EUR = Rates(to_usd=RATE, reporting_currency="USD", to_reporting=RATE)


def line(ticker, worth, **more):
    amount = None if worth is None else Decimal(worth)
    return Line(
        Position(ticker=ticker, kind="coin", amount=Decimal(1), value=amount, part="a"), **more
    )


def piece(*values, **more):
    lines = tuple(line(f"T{number}", worth) for number, worth in enumerate(values))
    return Piece(**{"name": "a", "as_of": WRITTEN_AT, "lines": lines} | more)


def value(*pieces, rates=IN_USD, min_usd="1", at=WRITTEN_AT, kept_before=()):
    return value_pieces(
        pieces, rates, min_usd=Decimal(min_usd), at=at, kept_before=set(kept_before)
    )


@pytest.mark.parametrize("min_usd", ["0", "1", "100", "1000000"])
def test_threshold_never_changes_the_total(min_usd):
    valuation = value(piece("5000.00", "99.99", "0.40", "-0.30", "-70.00"), min_usd=min_usd)

    shown = sum(item.value_usd for item in valuation.lines)
    assert valuation.total_usd == Decimal("5030.09")
    assert shown + valuation.dust_value_usd == valuation.total_usd
    assert len(valuation.lines) + valuation.dust_count == 5


def test_dust_is_what_is_worth_less_by_magnitude():
    valuation = value(piece("1.00", "0.99", "-0.99", "-1.00", "-500.00"))

    assert [str(item.value) for item in valuation.lines] == ["-500.00", "1.00", "-1.00"]
    assert valuation.dust_count == 2
    assert valuation.dust_value_usd == 0


def test_what_oscillates_around_the_threshold_stays():
    kept = {("T0", "", "a"), ("T1", "", "a")}

    valuation = value(piece("0.81", "0.79", "0.81"), kept_before=kept)

    assert [str(item.value) for item in valuation.lines] == ["0.81"]
    assert valuation.lines[0].line.position.ticker == "T0"
    assert valuation.dust_count == 2


def test_hidden_positions_of_a_carried_part_still_count():
    carried = piece(
        "500.00", dust_count=3, dust_value=Decimal("1.50"), carried_from_at=WRITTEN_AT, error="down"
    )

    valuation = value(carried, piece("10.00", name="b"))

    assert valuation.total_usd == Decimal("511.50")
    assert (valuation.dust_count, valuation.dust_value_usd) == (3, Decimal("1.50"))


def test_rates_convert_each_total_and_are_kept():
    chf = UsdRate(rate=Decimal("0.95"), at=WRITTEN_AT, source="ECB")
    rates = Rates(to_usd=RATE, reporting_currency="CHF", to_reporting=chf)

    valuation = value(piece("100.00", "0.93"), rates=rates)

    assert valuation.total_value == Decimal("100.93")
    assert valuation.total_usd == Decimal("100.93") * Decimal("1.0823")
    assert valuation.total_reporting == Decimal("100.93") * Decimal("0.95")
    assert [str(item.value_usd) for item in valuation.lines] == ["108.230000", "1.006539"]
    assert valuation.rates == rates


def test_quality_is_the_share_of_what_is_fresh():
    stale = piece("30.00", name="b", as_of=WRITTEN_AT - timedelta(hours=25))
    carried = piece("20.00", name="c", carried_from_at=WRITTEN_AT, error="down")

    assert value(piece("50.00")).quality == 1
    assert value(piece("50.00"), stale, carried).quality == Decimal("0.5")


def test_unpriced_is_listed_and_counts_nothing():
    valuation = value(piece("5.00", None))

    assert valuation.total_usd == 5
    assert [item.value for item in valuation.lines] == [5, None]


def test_sum_keeps_more_digits_than_python_does_by_default():
    valuation = value(piece("100000000000000.01", "0.000000000000000001"), min_usd="0")

    assert valuation.total_usd == Decimal("100000000000000.010000000000000001")


def test_total_that_no_portfolio_reaches_is_refused():
    with pytest.raises(InvalidStatement, match=r"add up to 1\.8E\+18"):
        value(piece("900000000000000000.00", "-900000000000000000.00"))


def test_other_currency_without_a_rate_says_what_to_set():
    said = str(missing_rate("EUR", "USD"))

    assert "no rate to USD of the last seven days. Import rates: manage.py import_rates" in said
    assert "set 'usd_rate' in the account's settings" in said
    assert '{"usd_rate": {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}}' in said


def test_an_account_in_usd_is_not_told_to_set_its_rate_to_usd():
    said = str(missing_rate("USD", "CHF"))

    assert "no rate to CHF of" in said
    assert "usd_rate" not in said


def test_other_currency_than_the_accounts_says_both():
    statement = Statement(
        positions=(), parts=(Part("balance.csv"),), currency="EUR", as_of=WRITTEN_AT
    )

    with pytest.raises(MissingRate) as failure:
        require_currency(statement, "USD")

    assert str(failure.value).startswith(
        "balance.csv has its values in EUR, but the account is kept in USD. Export in USD, or set "
        "the account's currency to EUR and its setting 'usd_rate'"
    )
