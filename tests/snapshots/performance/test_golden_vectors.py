"""The vectors of the specification: each number was computed by somebody else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from snapshots.performance.irr import xirr
from snapshots.performance.periods import Flowed, Period, Point, period_pnl
from snapshots.performance.returns import day_return
from snapshots.performance.split import Held, split_change, split_position

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def pnl_of(before: str, flow: str, after: str):
    baseline = point(MONDAY, before)
    now = point(TUESDAY, after)
    flows = [Flowed(at=datetime(2026, 3, 3, 12, tzinfo=UTC), amount=Decimal(flow))]
    return period_pnl(Period.TODAY, now, baseline, ends=[baseline], flows=flows)


def point(day: date, value: str) -> Point:
    at = datetime(day.year, day.month, day.day, 22, 59, tzinfo=UTC)
    return Point(at=at, business_date=day, value=Decimal(value))


def test_golden_vector_a_deposit_is_no_gain():
    pnl = pnl_of("100000", "50000", "151000")

    assert pnl.amount == 1000
    assert round(pnl.ratio, 6) == Decimal("0.006667")
    assert pnl.label == "P&L"


def test_golden_vector_b_near_total_withdrawal_survives():
    pnl = pnl_of("100000", "-99000", "1200")

    assert pnl.amount == 200
    assert pnl.ratio == Decimal("0.002")


def test_golden_vector_c_xirr():
    (rate,) = xirr([
        (date(2025, 1, 1), Decimal(-100_000)),
        (date(2025, 7, 1), Decimal(-50_000)),
        (date(2026, 1, 1), Decimal(160_000)),
    ])  # fmt: skip

    assert rate == pytest.approx(0.0801774, abs=5e-8)


def test_golden_vector_d_split_into_price_fx_and_cross():
    before = Held(quantity=Decimal(10), price=Decimal(100), fx=Decimal("0.90"))
    after = Held(quantity=Decimal(10), price=Decimal(103), fx=Decimal("0.88"))
    change = after.value - before.value

    moved = split_position("X", before, after)
    split = split_change([moved], change=change, flow=Decimal(0))

    assert (split.price, split.fx, split.cross) == (27, -20, Decimal("-0.6"))
    assert (split.unexplained, split.total) == (0, Decimal("6.4"))


def test_flow_of_the_baseline_itself_is_in_its_value():
    assert day_return(Decimal(100), Decimal(101)) == Decimal("0.01")
    baseline, now = point(MONDAY, "100"), point(TUESDAY, "101")
    flows = [Flowed(at=baseline.at, amount=Decimal(50))]

    pnl = period_pnl(Period.TODAY, now, baseline, ends=[baseline], flows=flows)

    assert (pnl.amount, pnl.flow) == (1, 0)
