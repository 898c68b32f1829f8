from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.sources.base import InvalidSettings, InvalidStatement
from snapshots.sources.manual import Manual
from tests.snapshots.sources.contract import SourceContract
from tests.snapshots.sources.surroundings import NOW, make_file, make_surroundings

CSV = "Ticker,Amount,Price,Value,Kind,Location\nEUR,100,,108.23,currency,Bank\nGOLD,2,4000,,,Safe\n"


def opened(text: str):
    file = make_file("mine.csv", text.encode())
    return Manual.configured({"uploads": True}, make_surroundings(newest_file=lambda: file))


class TestContract(SourceContract):
    @pytest.fixture
    def working(self):
        return lambda: opened(CSV)

    @pytest.fixture
    def absent(self):
        return lambda: Manual.configured({}, make_surroundings())

    @pytest.fixture
    def garbled(self):
        return lambda: opened("<html>")

    @pytest.fixture
    def halves(self):
        return [lambda: opened(CSV[:-15]), lambda: opened("")]


def test_a_value_is_as_written_or_that_of_the_price():
    euro, gold = opened(CSV).fetch().positions

    assert (euro.value, euro.kind, euro.location) == (Decimal("108.23"), "currency", "Bank")
    assert (gold.value, gold.kind) == (8000, "other")


def test_without_price_and_value_there_is_no_value():
    (position,) = opened("ticker,amount\nX,1\n").fetch().positions

    assert position.value is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ticker,price\nX,1\n", "needs ticker, amount"),
        ("ticker,amount,colour\nX,1,red\n", "columns 'ticker', 'amount', 'colour'"),
        ("ticker,amount,kind\nX,1,house\n", "line 2, column 'kind': 'house'. Use coin"),
        ("ticker,amount\nX,ten\n", "line 2, column 'amount': 'ten' is not a number"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    with pytest.raises(InvalidStatement, match=message):
        opened(text).fetch()


def test_uploads_is_yes_or_no():
    with pytest.raises(InvalidSettings, match="true or false"):
        Manual.configured({"uploads": "yes"}, make_surroundings())


def test_it_is_as_old_as_its_file():
    assert opened(CSV).fetch().as_of == NOW
