"""Read a CSV export by its header, and say for each cell where it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from snapshots.sources.base import InvalidStatement
from snapshots.sources.numbers import read_number, shown

DELIMITERS = ";,\t"
MISSING = ("", "-")
MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose cells are asked for by column name."""

    place: str  # file and line
    line: int
    cells: Mapping[str, str]

    def text(self, column: str, *, limit: int) -> str:
        """Return the cell, trimmed. Raise InvalidStatement if it is longer than `limit`."""
        cell = self.cells[column]
        if len(cell) > limit:
            raise self._wrong(column, f"{shown(cell)} has more than {limit} characters.")
        return cell

    def required_text(self, column: str, *, limit: int) -> str:
        """Return the cell. Raise InvalidStatement if it is empty, too."""
        if not self.cells[column]:
            raise self._wrong(column, "the cell is empty.")
        return self.text(column, limit=limit)

    def number(self, column: str) -> Decimal:
        """Return the cell's number. Raise InvalidStatement if it is none."""
        try:
            return read_number(self.cells[column])
        except ValueError as exc:
            raise self._wrong(column, str(exc)) from exc

    def number_or_none(self, column: str) -> Decimal | None:
        """Return the cell's number; None if the export left the cell or its column out."""
        return None if self.cells.get(column, "") in MISSING else self.number(column)

    def _wrong(self, column: str, what: str) -> InvalidStatement:
        return InvalidStatement(f"{self.place}, column {column!r}: {what}")


class CsvTable:
    """The header of an export and the rows below it.

    Raise InvalidStatement if the text is no table: a row of another width than the header, a
    quote that is not closed.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = list(io.StringIO(text, newline=""))
        self._delimiter = _delimiter_of(next(line for line in self._lines if line.strip()))
        self._records = self._read_records()
        _, header = next(self._records, (0, []))
        self.header = tuple(header)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file; blank lines are no rows."""
        for line, record in self.records():
            place = f"{self.name}, line {line}"
            yield Row(place, line, dict(zip(self.header, record, strict=True)))

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line and cells of each row, for who reads them by their position."""
        for number, (line, record) in enumerate(self._records):
            if number >= MOST_ROWS:
                raise InvalidStatement(f"{self.name} has more than {MOST_ROWS} rows.")
            if len(record) != len(self.header):
                raise InvalidStatement(
                    f"{self.name}, line {line} has {len(record)} columns, but the header has "
                    f"{len(self.header)}."
                )
            yield line, record

    def _read_records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as exc:
                raise InvalidStatement(f"{self.name}, line {line}: no CSV: {exc}.") from exc
            if record is None:
                return
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield line, cells


def refuse_repeated(rows: Iterable[Row], column: str) -> None:
    """Raise InvalidStatement if two rows have the same cell in `column`: it would count twice."""
    lines: dict[str, int] = {}
    for row in rows:
        cell = row.cells[column]
        first = lines.setdefault(cell, row.line)
        if first != row.line:
            raise InvalidStatement(
                f"{row.place}, column {column!r}: {shown(cell)} stands in line {first} too, and "
                "would be counted twice. Export the file again."
            )


def _delimiter_of(header: str) -> str:
    """Return the delimiter that the header line has most often."""
    return max(DELIMITERS, key=header.count)
