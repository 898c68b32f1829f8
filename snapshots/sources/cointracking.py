"""CoinTracking's balance exports: "Current Balance" and "Balance by Exchange", in any language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from snapshots.sources.balance_headers import in_english
from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    InvalidStatement,
    Kind,
    Part,
    Position,
    Statement,
)
from snapshots.sources.csv_table import CsvTable, Row, refuse_repeated
from snapshots.sources.export_file import GivenFile, as_text
from snapshots.sources.numbers import shown
from snapshots.sources.surroundings import Surroundings
from snapshots.sources.trade_table import is_trade_table

KINDS: dict[str, Kind] = {"coin": "coin", "currency": "currency", "commodity": "commodity"}

# A ticker names one thing at CoinTracking: a coin that would be called EUR gets a digit (EUR2).
# So where an export has no column for the kind, these are currencies and nothing else is.
CURRENCIES = frozenset(
    (
        "AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP",
        "CZK", "DKK", "EUR", "GBP", "GEL", "HKD", "HRK", "HUF", "IDR", "ILS", "INR", "ISK",
        "JPY", "KRW", "KWD", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
        "PLN", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU",
        "VND", "ZAR",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the exports: how its header is recognised and its rows are read."""

    title: str
    columns: tuple[str, ...]
    value_column: str  # without the currency, which is the account's
    read: Callable[[Row, str], Position]  # row, currency
    once: str | None = None  # the column whose cells are different in all rows

    def currencies(self, header: tuple[str, ...]) -> list[str]:
        """Return the currencies that the export has values in."""
        prefix = f"{self.value_column} "
        return [name.removeprefix(prefix) for name in header if name.startswith(prefix)]

    def describe(self) -> str:
        columns = ", ".join((*self.columns, f"{self.value_column} …"))
        return f'"{self.title}" ({columns})'


def _current_balance(row: Row, currency: str) -> Position:
    ticker = row.required_text("Ticker", limit=MAX_TICKER)
    unless_known: Kind = "currency" if ticker in CURRENCIES else "other"  # in another language
    return Position(
        ticker=ticker,
        name=row.text("Name", limit=MAX_TEXT),
        kind=KINDS.get(row.cells["Type"].lower(), unless_known),
        amount=row.number("Amount"),
        value=row.number_or_none(f"Value in {currency}"),
        price=row.number_or_none(f"Price in {currency}"),
    )


def _balance_by_exchange(row: Row, currency: str) -> Position:
    ticker = row.required_text("Currency", limit=MAX_TICKER)
    return Position(
        ticker=ticker,
        kind="currency" if ticker in CURRENCIES else "coin",
        location=row.text("Exchange", limit=MAX_TEXT),
        amount=row.number("Amount"),
        value=row.number_or_none(f"Current value in {currency}"),
    )


LAYOUTS = (
    Layout(
        title="Current Balance",
        columns=("Ticker", "Name", "Type", "Amount"),
        value_column="Value in",
        read=_current_balance,
        once="Ticker",
    ),
    Layout(
        title="Balance by Exchange",
        columns=("Amount", "Currency", "Exchange"),
        value_column="Current value in",
        read=_balance_by_exchange,
    ),
)


class CoinTracking:
    """An account whose balance is exported to a file, by hand or by a script."""

    credential: ClassVar[Mapping[str, str]] = {}

    def __init__(self, file: GivenFile) -> None:
        self._file = file

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> CoinTracking:
        """Read `path` from the settings: a CSV file. Without it, the newest upload counts."""
        what = "the CSV file that CoinTracking exported"
        return cls(GivenFile.configured(settings, around, kinds=(".csv",), what=what))

    def fetch(self) -> Statement:
        """Return the balance in the file, as of the time the file was written."""
        file = as_text(self._file.read())
        table = CsvTable(file.name, file.text)
        layout = _layout_of(table)
        currency = _currency_of(table, layout)
        rows = tuple(table.rows())
        positions = tuple(layout.read(row, currency) for row in rows)
        if layout.once:
            refuse_repeated(rows, layout.once)
        return Statement(
            positions=positions,
            parts=(Part(name=file.name),),
            currency=currency,
            as_of=file.written_at,
        )


def _layout_of(table: CsvTable) -> Layout:
    """Return the export that it is; a header in another language becomes the English one."""
    english = in_english(table.header)
    for header in (table.header, english) if english else (table.header,):
        for layout in LAYOUTS:
            if set(layout.columns) <= set(header) and layout.currencies(header):
                table.header = header
                return layout
    if is_trade_table(table.header):
        raise InvalidStatement(
            f"{table.name} is a Trade Table: it tells what came and went, and no values. Export "
            '"Current Balance" for snapshots; for flows: manage.py import_flows FILE.'
        )
    found = ", ".join(shown(column) for column in table.header[:20])
    known = " and ".join(layout.describe() for layout in LAYOUTS)
    raise InvalidStatement(
        f"{table.name} is another file than expected: its columns are {found}. "
        f"Known are CoinTracking's exports {known}, in any language, if their columns are in "
        "their order."
    )


def _currency_of(table: CsvTable, layout: Layout) -> str:
    """Return the account's currency: the one of the values.

    CoinTracking adds values in BTC to each export, whatever the account's currency is.
    """
    currencies = layout.currencies(table.header)
    if len(currencies) > 1:
        currencies = [currency for currency in currencies if currency != "BTC"]
    if len(currencies) != 1:
        found = " and in ".join(shown(currency) for currency in currencies)
        raise InvalidStatement(f"{table.name} has values in {found}. Expected one currency.")
    return currencies[0]
