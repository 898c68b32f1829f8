from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from snapshots.sources import SOURCES, open_source
from snapshots.sources.base import (
    InvalidSettings,
    InvalidStatement,
    Position,
    SourceError,
    UnknownSource,
)
from snapshots.sources.cointracking import CoinTracking
from tests.snapshots.factories import HEADER, ROWS, WRITTEN_AT, current_balance, write_export
from tests.snapshots.sources.contract import SourceContract
from tests.snapshots.sources.surroundings import make_file, make_surroundings

EXAMPLES = Path(settings.BASE_DIR, "examples", "cointracking")
BY_EXCHANGE = "\n".join(
    (
        '"Amount","Currency","Current value in USD","Current value in BTC","Exchange"',
        '"0.20000000","BTC","18800.20","0.20000000","Kraken, Spot"',
        '"-0.00008169","BTC","-7.68","-0.00008169","Binance"',
        '"1508,213,014.60514045","ELONGATE","1.66","0.00001766","Ledger"',
        '"100.00000000","EUR","108.23","0.00115137","Kraken, Spot"',
    )
)


def fetch(tmp_path, text):
    return reading(write_export(tmp_path / "balance.csv", text)).fetch()


def reading(path):
    return CoinTracking.configured({"path": str(path)}, make_surroundings())


class TestContract(SourceContract):
    @pytest.fixture
    def working(self, tmp_path):
        return self.reading(tmp_path, "")

    @pytest.fixture
    def absent(self, tmp_path):
        return lambda: reading(tmp_path / "nowhere.csv")

    @pytest.fixture
    def garbled(self, tmp_path):
        return self.reading(tmp_path, "<html>Log in</html>")

    @pytest.fixture
    def halves(self, tmp_path):
        cut = current_balance()[:-20]
        return [self.reading(tmp_path, cut, "cut.csv"), self.reading(tmp_path, "\n", "empty.csv")]

    def reading(self, tmp_path, text, name="balance.csv"):
        write_export(tmp_path / name, text)
        return lambda: open_source("cointracking", {"path": name}, make_surroundings(tmp_path))


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_source_that_lacks_settings_or_a_credential_says_so(name, tmp_path):
    with pytest.raises(SourceError, match=r"[Ss]et|Log in"):
        open_source(name, {}, make_surroundings(tmp_path)).fetch()


def test_unknown_source_names_the_known_ones(tmp_path):
    with pytest.raises(UnknownSource, match="Known: cointracking"):
        open_source("coinbase", {}, make_surroundings(tmp_path))


def test_data_is_as_old_as_its_file(tmp_path):
    assert fetch(tmp_path, current_balance()).as_of == WRITTEN_AT


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"path": ""}, id="empty"),
        pytest.param({"path": 5}, id="no-text"),
        pytest.param({"path": "secret_key"}, id="no-export"),
        pytest.param({"path": "a\0.csv"}, id="zero-byte"),
    ],
)
def test_settings_without_a_csv_file_are_refused(given, tmp_path):
    with pytest.raises(InvalidSettings, match="is the CSV file that"):
        CoinTracking.configured(given, make_surroundings(tmp_path))


def test_path_is_relative_to_the_data_directory_or_absolute(tmp_path):
    absolute = write_export(tmp_path / "in" / "a.CSV")
    source = CoinTracking.configured({"path": "in/a.CSV"}, make_surroundings(tmp_path))

    assert source.fetch().positions == reading(absolute).fetch().positions


def test_without_a_path_the_newest_upload_counts():
    file = make_file("balance.csv", current_balance().encode())

    statement = CoinTracking.configured({}, make_surroundings(newest_file=lambda: file)).fetch()

    assert (len(statement.positions), statement.as_of) == (6, file.received_at)


def test_a_trade_table_is_no_balance(tmp_path):
    header = "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date"

    with pytest.raises(InvalidStatement, match="is a Trade Table"):
        fetch(tmp_path, f"{header}\n")


def test_current_balance_is_read_as_it_stands(tmp_path):
    statement = fetch(tmp_path, current_balance())

    assert statement.currency == "USD"
    assert [position.ticker for position in statement.positions] == [
        "BTC", "SOL2", "PEPE4", "EUR", "SHIB", "LUNC",
    ]  # fmt: skip
    assert statement.positions[2] == Position(
        ticker="PEPE4",
        name="Pepe",
        kind="coin",
        amount=Decimal("36000000.17000002"),
        value=Decimal("360.00"),
        price=Decimal("0.00001"),
    )
    assert statement.positions[3].kind == "currency"


def test_balance_by_exchange_is_read_as_it_stands(tmp_path):
    statement = fetch(tmp_path, BY_EXCHANGE)

    assert statement.currency == "USD"
    assert statement.positions[0].location == "Kraken, Spot"
    assert statement.positions[1].value == Decimal("-7.68")
    assert statement.positions[2].amount == Decimal("1508213014.60514045")
    assert [position.kind for position in statement.positions] == [
        "coin", "coin", "coin", "currency",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("\ufeff" + current_balance(), 6, id="byte-order-mark"),
        pytest.param(current_balance().replace("\r\n", "\n"), 6, id="unix-lines"),
        pytest.param(current_balance() + "\r\n\r\n", 6, id="blank-lines-at-the-end"),
        pytest.param(current_balance().rstrip(), 6, id="no-line-end-at-the-end"),
        pytest.param(current_balance().replace('"', ""), 6, id="unquoted"),
        pytest.param(current_balance().replace(";", ","), 6, id="other-delimiter"),
        pytest.param(current_balance(ROWS[0].replace("Bit", "Bit; ")), 1, id="quoted-delimiter"),
        pytest.param(current_balance(ROWS[0].replace("Bit", "Bit\r\n")), 1, id="quoted-line"),
    ],
)
def test_export_is_read_in_all_its_spellings(tmp_path, text, count):
    assert len(fetch(tmp_path, text).positions) == count


def test_columns_are_found_by_their_names(tmp_path):
    text = '"Value in USD";"Trend";"Amount";"Type";"Name";"Ticker"\n"5.00";"1";"2.0";"Coin";"A";"B"'

    (position,) = fetch(tmp_path, text).positions

    assert (position.ticker, position.amount, position.value) == ("B", 2, 5)
    assert position.price is None


@pytest.mark.parametrize(
    ("english", "header"),
    [
        (current_balance(), "Kürzel;Name;Typ;Anzahl;Wert in USD;Wert in BTC;Preis in USD"),
        (current_balance(), "通貨;名前;種類;数量;USDでの価値;BTCでの価値;USDでの価格"),
        (BY_EXCHANGE, "Cantidad,Moneda,Valor actual en USD,Valor actual en BTC,Bolsa"),
    ],
    ids=["de", "ja", "es"],
)  # fmt: skip
def test_in_another_language_columns_are_found_by_their_places(tmp_path, english, header):
    _, rows = english.split("\n", 1)

    statement = fetch(tmp_path, f"\ufeff{header}\n{rows.replace('Currency', 'Währung')}")

    assert statement.positions == fetch(tmp_path, english).positions


def test_currency_of_the_account_is_that_of_the_header(tmp_path):
    assert fetch(tmp_path, current_balance().replace("USD", "EUR")).currency == "EUR"


def test_account_in_bitcoin_has_no_other_currency(tmp_path):
    header = HEADER.replace('"Value in USD";', "").replace("Price in USD", "Price in BTC")
    row = '"BTC";"Bitcoin";"Coin";"0.50000000";"0.50000000";"1.00000000"'

    statement = fetch(tmp_path, current_balance(row, header=header))

    assert (statement.currency, statement.positions[0].value) == ("BTC", Decimal("0.5"))


def test_kind_that_is_not_known_yet_is_other(tmp_path):
    statement = fetch(tmp_path, current_balance(ROWS[0].replace("Coin", "Stock")))

    assert statement.positions[0].kind == "other"


def test_value_that_the_export_lacks_is_none_and_not_zero(tmp_path):
    statement = fetch(tmp_path, current_balance(ROWS[0].replace('"47000.50"', '"-"')))

    assert statement.positions[0].value is None


def test_header_alone_is_a_statement_without_positions(tmp_path):
    assert fetch(tmp_path, HEADER).positions == ()


def test_another_export_with_values_is_no_balance(tmp_path):
    with pytest.raises(InvalidStatement, match="another file than expected"):
        fetch(tmp_path, "Amount;Coin;Bought;Sold;Proceeds in USD;Cost in USD\n1;BTC;a;b;2;1\n")


def test_another_export_is_named_by_its_columns(tmp_path):
    text = '"Type","Buy","Cur.","Sell","Cur.","Date"\n"Trade","1","BTC","9","USD","30.01.2018"'

    with pytest.raises(InvalidStatement) as failure:
        fetch(tmp_path, text)

    assert "columns are 'Type', 'Buy', 'Cur.', 'Sell', 'Cur.', 'Date'" in str(failure.value)
    assert '"Current Balance" (Ticker, Name, Type, Amount, Value in …)' in str(failure.value)
    assert '"Balance by Exchange" (Amount, Currency, Exchange, Current value in …)' in str(
        failure.value
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(
            ROWS[1].replace("1500.00", "n/a"),
            "balance.csv, line 3, column 'Value in USD': 'n/a' is not a number",
            id="text-in-the-value",
        ),
        pytest.param(
            ROWS[1].replace("10.00000000", ""),
            "balance.csv, line 3, column 'Amount': '' is not a number",
            id="no-amount",
        ),
        pytest.param(
            ROWS[1].replace('"150.00000000"', '"NaN"'),
            "line 3, column 'Price in USD': 'NaN' is not a number",
            id="nan-in-the-price",
        ),
        pytest.param(
            '"SOL2";"Solana";"Coin"',
            "balance.csv, line 3 has 3 columns, but the header has 7",
            id="too-few-columns",
        ),
        pytest.param(
            ROWS[1].replace("SOL2", ""),
            "line 3, column 'Ticker': the cell is empty",
            id="no-ticker",
        ),
        pytest.param(
            ROWS[1].replace("Solana", "S" * 201),
            "line 3, column 'Name': 'SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS…' has more than 200",
            id="name-that-is-too-long",
        ),
        pytest.param('"SOL2";"Solana', "line 3: no CSV: unexpected end of data", id="open-quote"),
    ],
)
def test_wrong_row_is_named_by_line_and_column(tmp_path, row, message):
    with pytest.raises(InvalidStatement) as failure:
        fetch(tmp_path, current_balance(ROWS[0], row))

    assert message in str(failure.value)


def test_line_of_a_wrong_row_counts_the_lines_within_quotes(tmp_path):
    text = current_balance(ROWS[0].replace("Bitcoin", "Bit\r\ncoin"), ROWS[1].replace("10.0", "x"))

    with pytest.raises(InvalidStatement, match=r"^balance\.csv, line 4, column 'Amount'"):
        fetch(tmp_path, text)


def test_ticker_that_stands_twice_is_refused_with_both_lines(tmp_path):
    text = current_balance(ROWS[0], ROWS[1], "", ROWS[0].replace("0.5", "0.7"))

    with pytest.raises(InvalidStatement) as failure:
        fetch(tmp_path, text)

    assert str(failure.value) == (
        "balance.csv, line 5, column 'Ticker': 'BTC' stands in line 2 too, and would be counted "
        "twice. Export the file again."
    )


def test_ticker_may_stand_at_several_exchanges(tmp_path):
    text = BY_EXCHANGE + '\n"0.1","BTC","9400.10","0.10000000","Ledger"'

    assert [position.ticker for position in fetch(tmp_path, text).positions].count("BTC") == 3


def test_values_in_two_currencies_are_refused(tmp_path):
    header = HEADER.replace("Price in USD", "Value in EUR")

    with pytest.raises(InvalidStatement, match="has values in 'USD' and in 'EUR'"):
        fetch(tmp_path, current_balance(header=header))


@pytest.mark.parametrize("name", ["current_balance_usd.csv", "balance_by_exchange_usd.csv"])
def test_example_is_worth_what_it_says(name):
    statement = reading(EXAMPLES / name).fetch()

    values = [position.value or 0 for position in statement.positions]
    assert sum(values) == Decimal("60107.12")
