"""Ours beside empyrical's and pyxirr's, on made-up returns."""

from __future__ import annotations

import math
import warnings
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snapshots.performance import measures
from snapshots.performance.drawdown import deepest, underwater
from snapshots.performance.irr import xirr
from snapshots.performance.measures import measure
from snapshots.performance.returns import (
    DayEnd,
    DayReturn,
    annualised,
    chained,
    day_returns,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical
    import pyxirr

START = date(2026, 1, 5)  # a Monday
ratios = st.floats(-0.2, 0.25).map(lambda ratio: round(ratio, 6))
series = st.lists(ratios, min_size=30, max_size=120)
TOLERANCE = {"rel": 1e-9, "abs": 1e-9}


def days_of(found: list[float]) -> list[DayReturn]:
    return [
        DayReturn(
            day=START + timedelta(days=n + 1), days=1, ratio=Decimal(str(ratio)), gain=Decimal(0)
        )
        for n, ratio in enumerate(found)
    ]


@settings(deadline=None, max_examples=60)
@given(series)
def test_is_what_empyrical_says(found):
    assume(any(day.ratio for day in days_of(found) if day.day.weekday() >= 5))
    returns = np.array(found)
    ours = measure(days_of(found), started_on=START)
    year = 365.25  # calendar days, where empyrical takes a number of returns a year

    expected = {
        "total": empyrical.cum_returns_final(returns),
        "annualised": empyrical.annual_return(returns, annualization=year),
        "volatility": empyrical.annual_volatility(returns, annualization=365),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=365),
        "sortino": empyrical.sortino_ratio(returns, annualization=365),
        "calmar": empyrical.calmar_ratio(returns, annualization=year),
        "value_at_risk": empyrical.value_at_risk(returns),
        "conditional_value_at_risk": empyrical.conditional_value_at_risk(returns),
    }

    for name, theirs in expected.items():
        figure = getattr(ours, name)
        if figure.value is None:
            assert figure.reason, name
            assert name == "annualised" or not math.isfinite(theirs) or abs(theirs) > 1e6, name
        else:
            assert figure.value == pytest.approx(theirs, **TOLERANCE), name


@settings(deadline=None)
@given(series)
def test_drawdown_is_what_empyrical_says(found):
    returns = np.array(found)
    days = [START + timedelta(days=n) for n in range(len(found) + 1)]

    fall = deepest(days, underwater(returns))

    assert (fall.depth if fall else 0) == pytest.approx(
        empyrical.max_drawdown(returns), **TOLERANCE
    )


@settings(deadline=None)
@given(
    paid=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    gaps=st.lists(st.integers(40, 400), min_size=12, max_size=12),
    growth=st.floats(0.3, 3),
)
def test_xirr_is_what_pyxirr_says(paid, gaps, growth):
    days = [START + timedelta(days=sum(gaps[:n])) for n in range(len(paid) + 1)]
    amounts = [*(-amount for amount in paid), round(sum(paid) * growth, 2)]

    ours, *_ = xirr([(day, Decimal(str(n))) for day, n in zip(days, amounts, strict=True)])

    theirs = pyxirr.xirr(days, amounts)
    assume(theirs is not None and -0.999 < theirs < 1e5)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_xirr_is_missing_where_there_is_none():
    later = START + timedelta(days=9)
    assert xirr([]) == xirr([(START, Decimal(-1)), (START, Decimal(2))]) == []
    assert xirr([(START, Decimal(-1)), (later, Decimal(-1))]) == []


def test_xirr_of_payments_in_and_out_by_turns_may_be_several():
    days = [START + timedelta(days=n * 365) for n in range(3)]
    paid = [Decimal(-100), Decimal(230), Decimal(-132)]  # a textbook's: 10 % and 20 %

    assert xirr(list(zip(days, paid, strict=True))) == pytest.approx([0.1, 0.2])


def test_drawdown_has_its_dates():
    days = [START + timedelta(days=n) for n in range(6)]
    fallen = deepest(days, underwater(np.array([0.10, -0.20, -0.10, 0.50, 0.01])))
    falling = deepest(days[:4], underwater(np.array([0.10, -0.20, -0.10])))

    assert (fallen.peaked_on, fallen.bottomed_on, fallen.recovered_on) == (
        days[1], days[3], days[4],
    )  # fmt: skip
    assert fallen.depth == pytest.approx(-0.28)
    assert falling.recovered_on is None
    assert deepest(days, underwater(np.array([0.1] * 5))) is None


def test_too_little_data_is_a_reason_and_no_figure():
    ours = measure(days_of([0.01] * 29), started_on=START)
    none = measure([], started_on=None)

    assert ours.volatility == measures.Measure(reason="29 daily returns, 30 are needed.")
    assert ours.total.value == pytest.approx(1.01**29 - 1)
    assert "From 29 days only" in ours.annualised.note
    assert none.total == measures.Measure(reason="Two ends of days are needed.")
    assert (none.best, none.drawdown) == (None, None)


def test_figure_that_cannot_be_says_why():
    ours = measure(days_of([0.01] * 40), started_on=START)

    assert (ours.sharpe.reason, ours.sortino.reason, ours.calmar.reason) == (
        "The returns never differ.", "No day lost.", "It never fell.",
    )  # fmt: skip


def test_days_with_nothing_there_break_no_chain_and_count_nowhere_else():
    values = [0, 0, 100, 110, 0, 0]
    came = [0, 0, 100, 0, 0, 0]
    left = [0, 0, 0, 0, 110, 0]
    ends = [
        DayEnd(day=START + timedelta(days=n), value=Decimal(value), inflow=Decimal(came[n]),
               outflow=Decimal(left[n]))
        for n, value in enumerate(values)
    ]  # fmt: skip

    ours = measure(day_returns(ends), started_on=START)

    assert ours.total.value == pytest.approx(0.1)
    assert ours.days == 3
    assert ours.hit_rate.reason == "3 daily returns, 30 are needed."


def test_day_that_ends_below_zero_cannot_be_chained():
    values = [100, -50, -100, 20]
    ends = [
        DayEnd(day=START + timedelta(days=n), value=Decimal(value))
        for n, value in enumerate(values)
    ]

    found = day_returns(ends)
    ours = measure(found, started_on=START)

    assert [one.ratio for one in found] == [None, None, None]
    assert ours.total.value is None
    for reason in (ours.total.reason, ours.annualised.reason, ours.drawdown_reason):
        assert "less than nothing was left" in reason


def test_all_figures_of_a_year_from_less_than_a_quarter_are_marked():
    ours = measure(days_of([0.01, -0.005] * 30), started_on=START)
    longer = measure(days_of([0.01, -0.005] * 60), started_on=START)

    for name in ("annualised", "volatility", "sharpe", "sortino", "calmar"):
        assert "From 60 days only" in getattr(ours, name).note, name
        assert getattr(longer, name).note == "", name


def test_weekends_that_never_move_are_left_out():
    found = [0.0 if (START + timedelta(days=n + 1)).weekday() >= 5 else 0.01 for n in range(60)]
    found[0] = -0.01

    ours = measure(days_of(found), started_on=START)

    assert (ours.days_a_year, ours.days) == (252, 44)


def test_day_after_a_gap_is_in_the_total_only():
    found = days_of([0.01, -0.01] * 30)
    found[10:12] = [
        DayReturn(day=found[11].day, days=2, ratio=Decimal("0.5"), gain=Decimal(0)),
    ]

    ours = measure(found, started_on=START)

    assert ours.days == 58
    assert ours.best.value == pytest.approx(0.01)
    assert ours.total.value == pytest.approx(1.5 * (1.01 * 0.99) ** 29 - 1)


def test_hit_rate_counts_days_that_moved():
    ours = measure(days_of([0.01, -0.01, 0.0, 0.02] * 10), started_on=START)

    assert ours.hit_rate.value == pytest.approx(2 / 3)


def test_chain_breaks_where_a_day_could_not_earn():
    assert chained([Decimal("0.1"), None]) is None
    assert annualised(Decimal(-1), 10) is None
    assert annualised(Decimal("0.21"), 0) is None
