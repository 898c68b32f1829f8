from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from snapshots.performance.split import Held, moves, split_change, split_position

amounts = st.decimals(-(10**6), 10**6, places=2)
positives = st.decimals("0.01", 10**4, places=2)
present = st.builds(Held, quantity=amounts, price=positives, fx=positives)
positions = st.none() | present


def held(quantity: str, price: str = "1", fx: str = "1") -> Held:
    return Held(quantity=Decimal(quantity), price=Decimal(price), fx=Decimal(fx))


@given(before=positions, after=positions)
def test_parts_of_a_position_add_up_to_its_change(before, after):
    moved = split_position("X", before, after)

    assert moved.effect + moved.quantity == moved.after - moved.before


@given(
    before=st.fixed_dictionaries({}, optional={"A": present, "B": present}),
    after=st.fixed_dictionaries({}, optional={"A": present, "B": present}),
    flow=amounts,
    dust=amounts,
)
def test_parts_of_a_portfolio_add_up_to_its_change(before, after, flow, dust):
    moved = moves(before, after)
    change = sum(one.after - one.before for one in moved) + dust

    split = split_change(moved, change=change, flow=flow)

    assert split.total == change


def test_trade_at_the_last_price_is_explained():
    before = {"USD": held("1000"), "BTC": held("1", "100")}
    after = {"USD": held("790"), "BTC": held("3", "105")}

    split = split_change(moves(before, after), change=Decimal(5), flow=Decimal(0))

    assert (split.price, split.unexplained) == (5, 0)


def test_quantity_that_a_flow_brought_is_explained():
    after = {"BTC": held("2", "110")}

    split = split_change(
        moves({"BTC": held("1", "100")}, after), change=Decimal(120), flow=Decimal(110)
    )

    assert (split.price, split.flow, split.unexplained) == (10, 110, 0)


def test_position_that_vanished_without_a_flow_is_unexplained():
    split = split_change(
        moves({"BTC": held("1", "100")}, {}), change=Decimal(-100), flow=Decimal(0)
    )

    assert (split.price, split.unexplained) == (0, -100)
