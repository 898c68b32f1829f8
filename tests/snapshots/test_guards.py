from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.capture.guards import Amount, Changes, Evidence, Limits, objections

COINS = {"BTC": ("1", "50000"), "ETH": ("10", "3000"), "SOL": ("100", "150"), "USD": ("5000", "1")}
TOTAL = Decimal(100_000)


def amounts(coins=COINS, *, location="Kraken", factor="1"):
    return [
        Amount(
            ticker=ticker,
            quantity=Decimal(quantity),
            price=Decimal(price) * (1 if ticker == "USD" else Decimal(factor)),
            location=location,
        )
        for ticker, (quantity, price) in coins.items()
    ]


def worth(found):
    return sum((item.quantity * (item.price or 0) for item in found), Decimal(0))


def said(after, *, before=None, **more):
    """Return which guards object."""
    before = amounts() if before is None else before
    values = {"problems": (), "before": before, "total_before": worth(before)} | more
    evidence = Evidence(total=more.pop("total", worth(after)), after=after, **{
        name: value for name, value in values.items() if name != "total"
    })  # fmt: skip
    return [(item.guard, item.blocks) for item in objections(evidence)]


def changed(**quantities):
    return amounts({t: (quantities.get(t, q), p) for t, (q, p) in COINS.items()})


def test_nothing_to_compare_with_leaves_only_what_is_wrong_by_itself():
    evidence = Evidence(problems=(), total=TOTAL, after=amounts())

    assert objections(evidence) == []


def test_g1_objects_to_what_is_not_complete():
    assert said(amounts(), problems=("page 2: 502",)) == [("G1", True)]


@pytest.mark.parametrize("factor", ["0.75", "0.5", "1.6"])
def test_a_market_move_of_a_complete_portfolio_passes(factor):
    assert said(amounts(factor=factor)) == []


@pytest.mark.parametrize(
    ("quantities", "changes", "expected"),
    [
        pytest.param({"ETH": "0"}, Changes(), [("G2", True), ("G3", True)], id="vanished"),
        pytest.param({"ETH": "9.4"}, Changes(), [], id="less-than-two-percent"),
        pytest.param({"ETH": "9"}, Changes(), [("G2", True)], id="fell-by-three-percent"),
        pytest.param({"ETH": "0", "USD": "35000"}, Changes(), [], id="sold"),
        pytest.param({"ETH": "0", "BTC": "1.6"}, Changes(), [], id="swapped"),
        pytest.param({"ETH": "0"}, Changes(quantities={"ETH": Decimal(-10)}), [], id="sent-away"),
        pytest.param({"USD": "0"}, Changes(net_flow=Decimal(-5000)), [], id="withdrawn"),
        pytest.param({"USD": "9000"}, Changes(net_flow=Decimal(4000)), [], id="deposited"),
        pytest.param(
            {"ETH": "8", "USD": "11000"}, Changes(net_flow=Decimal(6000)), [("G2", True)],
            id="deposit-is-not-the-other-side",
        ),
    ],
)  # fmt: skip
def test_g2_wants_to_know_where_what_vanished_went(quantities, changes, expected):
    assert said(changed(**quantities), changes=changes) == expected


def test_g2_sees_a_debt_that_vanishes_and_lets_one_be_paid_back():
    debt = [*amounts(), Amount(ticker="EUR", quantity=Decimal(-9000), price=Decimal(1))]
    paid = [*changed(BTC="0.82"), Amount(ticker="EUR", quantity=Decimal(0), price=Decimal(1))]

    assert said(amounts(), before=debt) == [("G2", True)]
    assert said(paid, before=debt) == []


def test_g3_objects_when_a_place_loses_its_share_though_something_else_came():
    before = [
        *amounts({"BTC": ("1", "50000")}),
        *amounts({"ETH": ("5", "3000")}, location="Ledger"),
    ]
    after = [*amounts({"BTC": ("1", "50000")}), *amounts({"SOL": ("100", "150")})]

    assert said(after, before=before) == [("G3", True)]


def test_g3_lets_coins_move_between_own_places():
    moved = [*amounts({"BTC": ("1", "50000")}, location="Ledger"), *changed(BTC="0")[1:]]

    assert said(moved) == []


@pytest.mark.parametrize(
    ("price", "quotes", "expected"),
    [
        pytest.param("5", {"SOL": Decimal(149)}, [("G4", True)], id="another-source-disagrees"),
        pytest.param("90", {"SOL": Decimal(91)}, [], id="another-source-agrees"),
        pytest.param("5", {}, [], id="nobody-else-knows"),
        pytest.param("120", {"SOL": Decimal(149)}, [], id="no-jump"),
    ],
)
def test_g4_asks_another_source_about_a_jump(price, quotes, expected):
    after = amounts(COINS | {"SOL": ("100", price)})

    assert said(after, quotes=quotes) == expected


@pytest.mark.parametrize("total", ["0", "-1", "NaN", "Infinity"])
def test_g5_objects_to_a_total_that_is_none(total):
    assert said(amounts(), total=Decimal(total)) == [("G5", True)]


def test_g5_lets_an_account_stay_below_zero():
    assert said(amounts(), total=Decimal(-5), total_before=Decimal(-4)) == []


def test_g6_only_notices():
    steps = [0.001, -0.002, 0.0015, -0.001] * 10

    assert said(amounts(factor="0.75"), steps=steps) == [("G6", False)]
    assert said(amounts(factor="1.001"), steps=steps) == []
    assert said(amounts(factor="0.75"), steps=steps[:19]) == []


def test_limits_are_settings():
    lax = Limits(vanished=Decimal("0.5"), share=Decimal("0.5"))

    assert said(changed(ETH="0"), limits=lax) == []


def test_half_a_portfolio_is_found_among_many_kinds_of_halves():
    tickers = list(COINS)
    for left_out in range(1, 2 ** len(tickers) - 1):
        gone = {ticker for bit, ticker in enumerate(tickers) if left_out >> bit & 1}
        after = [item for item in amounts(factor="0.9") if item.ticker not in gone]
        assert ("G2", True) in said(after), gone
