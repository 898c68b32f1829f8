from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from decimal import Decimal
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from snapshots.sources.base import InvalidSettings, InvalidStatement
from snapshots.sources.numbers import read_localised
from snapshots.sources.saxo import Saxo
from snapshots.sources.saxo_words import written_at
from tests.snapshots.sources.contract import SourceContract
from tests.snapshots.sources.surroundings import NOW, make_file, make_surroundings
from tests.snapshots.sources.xlsx import workbook

NAME = "Positions_27-févr.-2026_15_59_41.csv"
FRENCH = (
    "Instruments", "Statut", "Sens", "Quantité", "Prix actuel", "+/- Nette (EUR)",
    "Valeur actuelle (EUR)", "Compte", "N° de position", "Symbole", "Devise", "Achat/Vente\n",
)  # fmt: skip
GERMAN = (
    "Instrumente", "Status", "Richtung", "Menge", "Aktueller Kurs", "Netto +/- (EUR)",
    "Marktwert (EUR)", "Konto", "Positions-ID", "Symbol", "Währung", "Kauf/Verkauf\n",
)  # fmt: skip
STOCKS = ("Actions (2)", *[""] * 5, "1 269,87", *[""] * 5)
TESLA = (
    "Tesla Inc. ", "Ouvert\n", "Long", "10", "347.17", "153.8", "2954.84", "90000/1", "",
    "TSLA:xnas", "USD", "347,05 x 347,18",
)  # fmt: skip
SWISS = (
    "Swiss Life", "Ouvert\n", "Long", "1", "833.2", "552.7", "892,17", "90000/1", "9999000001",
    "SLHn:xvtx", "CHF", "\u2013",
)  # fmt: skip
ROWS = (STOCKS, TESLA, SWISS)


def csv_of(*rows: tuple[str, ...], header: tuple[str, ...] = FRENCH) -> bytes:
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *(rows or ROWS))]
    return "\n".join(lines).encode()


def opened(data: bytes, name: str = NAME, **given):
    file = make_file(name, data)
    return Saxo.configured(given, make_surroundings(newest_file=lambda: file))


class TestContract(SourceContract):
    @pytest.fixture
    def working(self):
        return lambda: opened(csv_of())

    @pytest.fixture
    def absent(self):
        return lambda: Saxo.configured({"path": "none.csv"}, make_surroundings())

    @pytest.fixture
    def garbled(self):
        return lambda: opened(b"<html>Log in</html>")

    @pytest.fixture
    def halves(self):
        cut = csv_of()[:-20]
        return [
            lambda: opened(csv_of(STOCKS, TESLA)),
            lambda: opened(cut),
            lambda: opened(workbook([FRENCH, *ROWS])[:-200], "p.xlsx"),
        ]


def test_positions_are_in_the_currency_of_the_account():
    statement = opened(csv_of()).fetch()

    tesla, swiss = statement.positions
    assert statement.currency == "EUR"
    assert (tesla.ticker, tesla.name, tesla.location) == ("TSLA:xnas", "Tesla Inc.", "90000/1")
    assert (tesla.amount, tesla.value) == (10, Decimal("2954.84"))
    assert (tesla.native_price, tesla.native_currency) == (Decimal("347.17"), "USD")
    assert swiss.value == Decimal("892.17")


@pytest.mark.parametrize("header", [FRENCH, GERMAN], ids=["fr", "de"])
def test_a_workbook_says_the_same_as_the_csv(header):
    numbers = (3, 4, 5)
    rows = [[float(c) if i in numbers and c else c for i, c in enumerate(row)] for row in ROWS]

    statement = opened(workbook([header, *rows]), "Positions.xlsx").fetch()

    assert statement.positions == opened(csv_of()).fetch().positions
    assert statement.as_of == NOW  # when it came: its name has no time


def test_it_is_as_old_as_its_name_says():
    assert opened(csv_of()).fetch().as_of == datetime(2026, 2, 27, 14, 59, 41, tzinfo=UTC)
    assert opened(csv_of(), "Positions_1-Dez-2026_10_00_00.csv").fetch().as_of == NOW


@pytest.mark.parametrize(
    ("name", "month"),
    [("10-sept.-2025", 9), ("3-août-2025", 8), ("3-März-2025", 3), ("1-juin-2025", 6),
     ("1-juil.-2025", 7), ("5-Mai-2025", 5), ("5-out-2025", 10), ("5-dic-2025", 12)],
)  # fmt: skip
def test_months_are_known_in_many_languages(name, month):
    stamp = written_at(f"Positions_{name}_15_59_41.csv")

    assert stamp is not None
    assert stamp.month == month


def test_a_name_without_a_date_tells_nothing():
    assert written_at("Positions.csv") is None
    assert written_at("Positions_31-feb-2025_15_59_41.csv") is None
    assert written_at("Positions_1-jan-0001_00_00_00.csv") is None


def test_fewer_positions_than_announced_are_no_portfolio():
    statement = opened(csv_of(("Actions (5)", *STOCKS[1:]), TESLA, SWISS)).fetch()

    assert not statement.is_complete
    assert "announce 5 positions, and there are 2" in statement.parts[0].error


def test_lots_below_their_sum_are_not_counted_twice():
    lots = [
        (*TESLA[:3], units, *TESLA[4:8], lot, *TESLA[9:]) for units, lot in (("4", "a"), ("6", "b"))
    ]

    statement = opened(csv_of(STOCKS, TESLA, *lots, SWISS)).fetch()

    assert [one.amount for one in statement.positions] == [10, 1]
    assert statement.is_complete


def test_ten_thousand_lots_are_read_in_a_moment():
    lots = [(*TESLA[:8], str(number), *TESLA[9:]) for number in range(10_000)]

    began = time.process_time()
    statement = opened(csv_of(*lots)).fetch()

    assert len(statement.positions) == 10_000
    assert time.process_time() - began < 5


def test_a_short_position_is_negative():
    short = (*TESLA[:2], "Short", *TESLA[3:6], "-2954.84", *TESLA[7:])

    (position,) = opened(csv_of(short)).fetch().positions

    assert (position.amount, position.value) == (-10, Decimal("-2954.84"))


def test_a_language_that_nobody_knows_is_set():
    header = ("Nimi", "Tila", "", "Määrä", "", "", "Arvo (EUR)", *[""] * 5)
    with pytest.raises(
        InvalidStatement, match=r"no column for instrument, quantity, value.*'Nimi'"
    ):
        opened(csv_of(TESLA, header=header)).fetch()

    columns = {"instrument": "Nimi", "quantity": "Määrä", "value": "Arvo"}
    statement = opened(csv_of(TESLA, header=header), columns=columns).fetch()

    assert [one.ticker for one in statement.positions] == ["Tesla Inc."]


def test_columns_that_mean_nothing_are_refused():
    with pytest.raises(InvalidSettings, match="'columns' has names of columns"):
        opened(csv_of(), columns={"colour": "Farbe"})


def test_a_workbook_that_unpacks_without_end_is_refused():
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive, archive.open("xl/a.xml", "w") as entry:
        for _ in range(101):
            entry.write(bytes(1024 * 1024))

    with pytest.raises(InvalidStatement, match="unpacks to 101 MB"):
        opened(data.getvalue(), "bomb.xlsx").fetch()


def test_a_workbook_by_the_name_of_a_csv_file_says_so():
    with pytest.raises(InvalidStatement, match="this is a workbook"):
        opened(workbook([FRENCH, *ROWS]), "p.csv").fetch()


def test_a_workbook_that_is_damaged_is_refused():
    data = bytearray(workbook([FRENCH, *ROWS]))
    data[data.rindex(b"PK\x01\x02") + 6] = 99  # a version of ZIP that there is not yet

    with pytest.raises(InvalidStatement, match="no XLSX file"):
        opened(bytes(data), "p.xlsx").fetch()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("347.17", "347.17"), ("-161 USD", "-161"), ("8\u202f679 USD", "8679"), ("11,61%", "11.61"),
        ("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("1'234.50", "1234.50"), ("\u2013", None),
        ("\u22123.5", "-3.5"), ("1,234,567", "1234567"), ("122.935671590909", "122.935671590909"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_localised(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize("text", ["1,234", "ten", "1 2x"])
def test_a_number_that_could_be_two_is_refused(text):
    with pytest.raises(ValueError, match=r"could be two numbers|not a number"):
        read_localised(text)
