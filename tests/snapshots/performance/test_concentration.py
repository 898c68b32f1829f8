from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.performance.concentration import Share, concentration, exposure, turnover
from snapshots.performance.split import Held


def share(kind: str, value: int) -> Share:
    return Share(ticker=kind, kind=kind, value=Decimal(value))


def days(*quantities: dict[str, int]) -> list[dict[str, Held]]:
    return [
        {
            key: Held(quantity=Decimal(units), price=Decimal(10), fx=Decimal(1))
            for key, units in day.items()
        }
        for day in quantities
    ]


def test_exposure_is_all_but_currencies():
    assert exposure([share("coin", 75), share("currency", 25)], Decimal(100)) == Decimal("0.75")
    assert exposure([share("coin", 150), share("currency", -50)], Decimal(100)) == Decimal("1.5")
    assert exposure([], Decimal(0)) is None


def test_concentration_is_one_for_one_ticker_and_less_for_more():
    assert concentration([share("coin", 5)]) == 1
    assert concentration([share("a", 50), share("b", 50)]) == Decimal("0.5")
    assert concentration([share("a", 50), share("b", -50)]) == Decimal("0.5")
    assert concentration([]) is None


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(days({"A": 5, "B": 5}, {"A": 2, "B": 8}), "0.3", id="traded"),
        pytest.param(days({"A": 5}, {"A": 10}), "0", id="bought-with-new-money"),
        pytest.param(days({"A": 5}, {"B": 5}, {"A": 5}), "1", id="there-and-back"),
    ],
)
def test_turnover_is_the_lesser_of_bought_and_sold(held, expected):
    assert turnover(held, Decimal(100)) == Decimal(expected)


def test_turnover_needs_two_days_and_a_value():
    assert turnover(days({"A": 5}), Decimal(100)) is None
    assert turnover(days({"A": 5}, {"A": 1}), Decimal(0)) is None
