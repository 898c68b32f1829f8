"""Positions that SaxoTraderGO exports, as CSV or XLSX, in the language of who exports them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    InvalidSettings,
    InvalidStatement,
    Part,
    Position,
    Statement,
)
from snapshots.sources.csv_table import CsvTable
from snapshots.sources.export_file import GivenFile, as_text
from snapshots.sources.numbers import read_localised, shown
from snapshots.sources.saxo_words import COLUMNS, REQUIRED, SHORT, named_currency, plain, written_at
from snapshots.sources.surroundings import StoredFile, Surroundings
from snapshots.sources.workbook import read_sheet

GROUP = re.compile(r".*\S\s*\((\d{1,9})\)")  # "Actions (5)": a heading, with how many follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the file: a position, or one of the lots that it is the sum of."""

    number: int
    name: str
    symbol: str
    quantity: Decimal
    value: Decimal | None
    price: Decimal | None  # in its own currency
    currency: str
    account: str
    lot: str


class Saxo:
    """An account at Saxo, whose positions are exported by hand. It has no cash in it."""

    credential: ClassVar[Mapping[str, str]] = {}

    def __init__(self, file: GivenFile, around: Surroundings, columns: Mapping[str, str]) -> None:
        self._file = file
        self._around = around
        self._columns = columns

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> Saxo:
        """Read `path`, and `columns`: what they are called in a language that is not known."""
        what = "the file of positions that SaxoTraderGO exported"
        file = GivenFile.configured(settings, around, kinds=(".csv", ".xlsx"), what=what)
        columns = settings.get("columns", {})
        if not isinstance(columns, dict) or not set(columns) <= set(COLUMNS):
            raise InvalidSettings(
                f"'columns' has names of columns in the file, by one of: {', '.join(COLUMNS)}."
            )
        names = {field: plain(str(name)) for field, name in columns.items()}
        return cls(file, around, names)

    def fetch(self) -> Statement:
        """Return the positions in the file, as of the time in its name."""
        file = self._file.read()
        rows = list(_rows_of(file))
        header = rows[0][1] if rows else []
        found, currency = self._find_columns(file.name, header)
        lines, expected = [], 0
        for number, cells in rows[1:]:
            heading = _heading(cells, found)
            if heading is None:
                lines.append(_read(f"{file.name}, line {number}", number, cells, found))
            expected += heading or 0
        positions = tuple(_position(line, currency) for line in _without_lots(lines))
        return Statement(
            positions=positions,
            parts=(_part(file.name, positions, expected),),
            currency=currency,
            as_of=self._as_of(file),
        )

    def _find_columns(self, name: str, header: Sequence[str]) -> tuple[dict[str, int], str]:
        """Return where each field is, and the currency of the values."""
        found: dict[str, int] = {}
        currency = ""
        for place, title in enumerate(header):
            bare, of_value = named_currency(title)
            for field, known in COLUMNS.items():
                names = {self._columns[field]} if field in self._columns else known
                matches = plain(bare) in names or plain(title) in names
                if field in found or not matches or (field == "value" and not of_value):
                    continue
                found[field] = place
                currency = of_value if field == "value" else currency
        missing = [field for field in REQUIRED if field not in found]
        if missing:
            titles = ", ".join(shown(title) for title in header[:50])
            raise InvalidStatement(
                f"{name} has no column for {', '.join(missing)} (of the value: with a currency, as "
                f"in 'Market value (EUR)'); its columns are {titles}. In another language set "
                "'columns' in the account's settings."
            )
        return found, currency

    def _as_of(self, file: StoredFile) -> datetime:
        """Return the time in the file's name, unless it is later than the file came."""
        local = written_at(file.name)
        if local is None:
            return file.received_at
        return min(local.replace(tzinfo=self._around.zone).astimezone(UTC), file.received_at)


def _rows_of(file: StoredFile) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row that is not empty, the header first."""
    if file.name.lower().endswith(".xlsx"):
        for number, cells in enumerate(read_sheet(file), start=1):
            if any(cells):
                yield number, cells
        return
    text = as_text(file)
    table = CsvTable(text.name, text.text)
    yield 1, list(table.header)
    yield from table.records()


def _heading(cells: Sequence[str], found: Mapping[str, int]) -> int | None:
    """Return how many positions a heading announces; None if it is none."""
    heading = GROUP.fullmatch(cells[found["instrument"]])
    if heading is None or cells[found["quantity"]]:
        return None
    return int(heading[1])


def _read(place: str, number: int, cells: Sequence[str], found: Mapping[str, int]) -> Line:
    def cell(field: str) -> str:
        return cells[found[field]] if field in found else ""

    def amount(field: str) -> Decimal | None:
        try:
            return read_localised(cell(field))
        except ValueError as exc:
            raise InvalidStatement(f"{place}, {field}: {exc}") from exc

    quantity = amount("quantity")
    name = cell("instrument")
    if quantity is None or not name:
        raise InvalidStatement(f"{place}: a position has an instrument and a quantity.")
    if plain(cell("direction")) in SHORT:
        quantity = -abs(quantity)
    return Line(
        number=number,
        name=name[:MAX_TEXT],
        symbol=(cell("symbol") or name)[:MAX_TICKER],
        quantity=quantity,
        value=amount("value"),
        price=amount("price"),
        currency=cell("currency").upper()[:10],
        account=cell("account"),
        lot=cell("position"),
    )


def _without_lots(lines: Sequence[Line]) -> list[Line]:
    """Leave out the lots that stand below the position that is their sum: they count twice."""
    lots: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.lot:
            lots[line.symbol] += line.quantity
    sums: set[str] = set()  # symbols whose sum stands above
    kept: list[Line] = []
    for line in lines:
        if line.lot and line.symbol in sums:
            continue
        if not line.lot and line.quantity == lots.get(line.symbol):
            sums.add(line.symbol)
        kept.append(line)
    return kept


def _position(line: Line, currency: str) -> Position:
    is_foreign = line.currency not in ("", currency)
    return Position(
        ticker=line.symbol,
        name=line.name,
        kind="other",
        location=line.account[:MAX_TEXT],
        amount=line.quantity,
        value=line.value,
        price=line.price if line.currency == currency else None,
        native_currency=line.currency if is_foreign else "",
        native_price=line.price if is_foreign else None,
    )


def _part(name: str, positions: Sequence[Position], expected: int) -> Part:
    if not expected or len(positions) == expected:
        return Part(name)
    error = f"its headings announce {expected} positions, and there are {len(positions)}"
    return Part(name, is_ok=False, error=f"{error}: unfold all groups and export again")
