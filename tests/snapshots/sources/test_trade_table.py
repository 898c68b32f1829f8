from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from snapshots.sources.base import InvalidStatement
from snapshots.sources.export_file import as_text
from snapshots.sources.trade_table import Amount, read_trades
from tests.snapshots.sources.surroundings import make_file

ZURICH = ZoneInfo("Europe/Zurich")
HEADERS = {
    "en": "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date",
    "de": "Typ,Kauf,Cur.,Verkauf,Cur.,Gebühr,Cur.,Börse,Gruppe,Kommentar,Datum",
    "ja": "種類,購入,通貨,売却,通貨,手数料,通貨,取引所,グループ,コメント,日付",
}
TRADE = "Trade,0.10000000,BTC,6500.00,USD,6.50,USD,Binance,,,30.01.2018 15:20:25"
DEPOSIT = "{},1000.00000000,EUR,,,,,Kraken,,Salary,02.07.2019 17:00:47"


def table(*rows: str, header: str = HEADERS["en"], more: int = 0) -> bytes:
    """Return a Trade Table, all cells quoted, after a byte order mark."""
    lines = [header + ",More" * more, *(row + "," * more for row in rows)]
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    return ("\ufeff" + "\r\n".join(quoted)).encode()


def read(data: bytes, zone: ZoneInfo = ZURICH):
    return read_trades(as_text(make_file("trades.csv", data)), zone=zone)


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Deposit"), ("de", "Einzahlung"), ("ja", "入金")]
)
def test_08_a_deposit_is_one_in_each_language(language, word):
    (deposit,) = read(table(DEPOSIT.format(word), header=HEADERS[language]))

    assert (deposit.kind, deposit.type) == ("deposit", word)
    assert deposit.bought == Amount(Decimal(1000), "EUR")
    assert (deposit.sold, deposit.fee) == (None, None)


def test_a_trade_has_three_currencies():
    (trade,) = read(table(TRADE))

    assert trade.kind == "other"
    assert (trade.bought, trade.sold) == (
        Amount(Decimal("0.1"), "BTC"),
        Amount(Decimal("6500.00"), "USD"),
    )
    assert trade.fee == Amount(Decimal("6.50"), "USD")


def test_times_are_those_of_the_zone_in_summer_and_winter():
    winter, summer = read(table(TRADE, DEPOSIT.format("Deposit")))

    assert winter.at == datetime(2018, 1, 30, 14, 20, 25, tzinfo=UTC)
    assert summer.at == datetime(2019, 7, 2, 15, 0, 47, tzinfo=UTC)


def test_the_same_row_twice_is_two_trades():
    assert len(read(table(TRADE, TRADE))) == 2


def test_columns_that_follow_do_not_matter():
    assert read(table(TRADE, more=5)) == read(table(TRADE))


def test_08_tickers_stay_as_they_are():
    (trade,) = read(table(TRADE.replace("BTC", "SOL2")))

    assert trade.bought is not None
    assert trade.bought.ticker == "SOL2"


def test_a_word_that_nobody_knows_is_neither_in_nor_out():
    (row,) = read(table(DEPOSIT.format("Talletus")))

    assert row.kind == "other"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (TRADE.replace("30.01.2018", "1/30/2018"), "line 2, column 11: '1/30/2018 15:20:25'"),
        (
            TRADE.replace("30.01.2018", "01.01.0001").replace("15:20", "00:00"),
            "line 2, column 11: '01.01.0001",
        ),
        (TRADE.replace("6500.00", "x"), "line 2, column 4: 'x' is not a number"),
        (TRADE.replace("6500.00", "-1"), "line 2, column 4: -1 is less than 0"),
        (TRADE.replace("BTC", ""), "line 2, column 3: '' is no currency"),
        ("Trade,,,,,,,,,,30.01.2018 15:20:25", "line 2: nothing was bought and nothing sold"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row, message):
    with pytest.raises(InvalidStatement, match=message):
        read(table(row))


def test_another_table_is_refused():
    with pytest.raises(InvalidStatement, match="no Trade Table"):
        read(table("a,b,c,d,e,f,g,h,i,j,k", header="A,B,C,D,E,F,G,H,I,J,K"))
