"""Read the first sheet of an XLSX file as text, cell by cell."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile, ZipFile

from snapshots.sources.base import InvalidStatement
from snapshots.sources.csv_table import MOST_ROWS
from snapshots.sources.surroundings import StoredFile

MOST_UNPACKED = 100 * 1024 * 1024  # bytes: a small file can unpack into gigabytes


def read_sheet(file: StoredFile) -> list[list[str]]:
    """Return the rows of the first sheet. Numbers have the digits that a spreadsheet has, 15.

    Raise InvalidStatement if it is no such file, or a larger one than anybody's positions.
    """
    from python_calamine import (  # a library of 3 MB, which a scheduler has no need for
        CalamineError,
        CalamineWorkbook,
    )

    _refuse_bombs(file)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.data)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS + 1)
    except CalamineError as exc:
        raise InvalidStatement(f"{file.name} is no workbook that can be read: {exc}.") from exc
    if len(rows) > MOST_ROWS:
        raise InvalidStatement(f"{file.name} has more than {MOST_ROWS} rows.")
    return [[_text(cell) for cell in row] for row in rows]


def _refuse_bombs(file: StoredFile) -> None:
    try:
        with ZipFile(io.BytesIO(file.data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (BadZipFile, NotImplementedError, ValueError) as exc:  # damaged in one way or another
        raise InvalidStatement(f"{file.name} is no XLSX file. Export it again.") from exc
    if size > MOST_UNPACKED:
        raise InvalidStatement(
            f"{file.name} unpacks to {size // 1024**2} MB: no list of positions."
        )


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, (int, float)):
        number = Decimal(repr(cell))  # the shortest that names the float: what was written
        whole = number.to_integral_value()
        return f"{whole if number == whole else number:f}"
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell).strip()
