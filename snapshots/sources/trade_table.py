"""CoinTracking's Trade Table, in any of its languages: it is read by the place of its columns.

Three of its columns have the same name, `Cur.` in English, and which ones follow the eleventh
differs. Its times are those of the account's settings at CoinTracking, and the file does not say
which zone that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from snapshots.sources.base import MAX_TICKER, InvalidStatement
from snapshots.sources.csv_table import MISSING, CsvTable
from snapshots.sources.export_file import ExportFile
from snapshots.sources.numbers import read_number, shown

Kind = Literal["deposit", "withdrawal", "other"]
TYPE, BUY, SELL, FEE, EXCHANGE, GROUP, COMMENT, DATE = 0, 1, 3, 5, 7, 8, 9, 10
LEAST_COLUMNS = 11
# A day first, or a year first: 5/9/2017 could be two days, and is refused.
DATES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
# What CoinTracking calls them, in lower case: in English, German, French, Spanish, Italian,
# Portuguese, Dutch, Polish, Russian, Turkish, Japanese, Chinese and Korean.
DEPOSITS = frozenset(
    (
        "deposit", "einzahlung", "dépôt", "depot", "depósito", "deposito", "storting", "wpłata",
        "депозит", "para yatırma", "入金", "存款", "充值", "입금",  # noqa: RUF001
    )
)  # fmt: skip
WITHDRAWALS = frozenset(
    (
        "withdrawal", "auszahlung", "retrait", "retiro", "retirada", "prelievo", "levantamento",
        "saque", "opname", "wypłata", "вывод", "para çekme", "出金", "取款", "提现", "출금",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """Units of a coin or a currency, more than 0, by its ticker at CoinTracking."""

    units: Decimal
    ticker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A row of the table. Two rows that are the same may both be true.

    type  as the table writes it, in its language
    """

    line: int
    at: datetime
    kind: Kind
    type: str
    bought: Amount | None
    sold: Amount | None
    fee: Amount | None
    exchange: str
    comment: str


@dataclass(frozen=True, slots=True)
class Movement:
    """By how many units of a ticker a trade changed what is there: negative for what was sold."""

    at: datetime
    ticker: str
    units: Decimal


def movements_of(trade: Trade) -> Iterator[Movement]:
    """Yield what a trade did, but for its fee: that may be part of an amount, and is small."""
    if trade.bought is not None:
        yield Movement(trade.at, trade.bought.ticker, trade.bought.units)
    if trade.sold is not None:
        yield Movement(trade.at, trade.sold.ticker, -trade.sold.units)


def is_trade_table(header: Sequence[str]) -> bool:
    """Tell by the three columns of the same name, whatever the language."""
    if len(header) < LEAST_COLUMNS:
        return False
    return header[BUY + 1] == header[SELL + 1] == header[FEE + 1] != ""


def read_trades(file: ExportFile, *, zone: ZoneInfo) -> tuple[Trade, ...]:
    """Return the rows, in the order of the file.

    zone  of the account at CoinTracking: the file does not name it

    Raise InvalidStatement, with line and column, if a row cannot be read without guessing.
    """
    table = CsvTable(file.name, file.text)
    if not is_trade_table(table.header):
        raise InvalidStatement(
            f"{file.name} is no Trade Table: columns 3, 5 and 7 of {len(table.header)} do not "
            "have the same name. Export it at CoinTracking: Enter Coins, Export, CSV."
        )
    return tuple(_read(file.name, line, cells, zone) for line, cells in table.records())


def _read(name: str, line: int, cells: list[str], zone: ZoneInfo) -> Trade:
    place = f"{name}, line {line}"
    bought, sold = _amount(cells, BUY, place), _amount(cells, SELL, place)
    if bought is None and sold is None:
        raise InvalidStatement(f"{place}: nothing was bought and nothing sold.")
    return Trade(
        line=line,
        at=_instant(cells[DATE], place, zone),
        kind=kind_of(cells[TYPE], bought, sold),
        type=cells[TYPE],
        bought=bought,
        sold=sold,
        fee=_amount(cells, FEE, place),
        exchange=cells[EXCHANGE],
        comment=cells[COMMENT],
    )


def kind_of(written: str, bought: Amount | None, sold: Amount | None) -> Kind:
    """Return what a type means. A word that is not known is neither: whoever asks may say so."""
    word = written.casefold()
    if word in DEPOSITS and sold is None:
        return "deposit"
    if word in WITHDRAWALS and bought is None:
        return "withdrawal"
    return "other"


def _amount(cells: list[str], column: int, place: str) -> Amount | None:
    units, ticker = cells[column], cells[column + 1]
    if units in MISSING:
        return None
    if not 0 < len(ticker) <= MAX_TICKER:
        raise InvalidStatement(f"{place}, column {column + 2}: {shown(ticker)} is no currency.")
    try:
        number = read_number(units)
    except ValueError as exc:
        raise InvalidStatement(f"{place}, column {column + 1}: {exc}") from exc
    if number < 0:
        raise InvalidStatement(f"{place}, column {column + 1}: {units} is less than 0.")
    return Amount(number, ticker) if number else None


def _instant(text: str, place: str, zone: ZoneInfo) -> datetime:
    for form in DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise InvalidStatement(
        f"{place}, column {DATE + 1}: {shown(text)} is no date such as 30.01.2018 15:20:25. Set "
        "this form at CoinTracking, under Account, Settings, and export again."
    )
