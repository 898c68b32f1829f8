"""Rows of text files: CSV with or without a header, and freqtrade's JSON."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from prices.candle_files.fields import NUMBER, InvalidFile, Raw

CHUNK = 1 << 20  # characters
ROW = re.compile(r"\[([^\[\]]*)\]")
BETWEEN = re.compile(r"[\s,]*")
# Names of columns that are in use, the most telling first.
SYNONYMS: Mapping[str, Sequence[str]] = {
    "opened_at": ("opened_at", "open_time", "timestamp", "unix", "time", "datetime", "date"),
    "open": ("open", "o", "opening_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "trade_price"),
    "volume": ("volume", "vol", "v", "base_volume"),
    "quote_volume": ("quote_volume", "quote_asset_volume", "turnover"),
    "is_final": ("is_final",),
}
NEEDED = ("opened_at", "open", "high", "low", "close", "volume")
USUAL_ORDER = dict(zip(NEEDED, range(6), strict=True))
BINANCE_ORDER = USUAL_ORDER | {"quote_volume": 7}  # data.binance.vision: twelve, without a header
Columns = dict[str, int]


def csv_rows(path: Path) -> Iterator[Raw]:
    """Yield the rows of a CSV file. Raise InvalidFile if its columns are not those of candles."""
    with opened(path) as lines:
        first = lines.readline()
        lines.seek(0)
        reader = csv.reader(lines, delimiter=max(",;\t", key=first.count))
        columns: Columns | None = None
        try:
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if columns is None:
                    columns = columns_of(row)
                    if not is_number(row[columns["close"]]):
                        continue
                yield _raw(f"line {reader.line_num}", row, columns)
        except (csv.Error, UnicodeDecodeError) as exc:
            raise InvalidFile(f"line {reader.line_num}: {exc}.") from exc


def columns_of(row: Sequence[str]) -> Columns:
    """Return where each field stands, by the first row: a header or, if it has numbers, data."""
    if len(row) >= len(NEEDED) and all(is_number(cell) for cell in row[1:6]):
        return BINANCE_ORDER if len(row) == 12 else USUAL_ORDER
    return named_columns(row)


def named_columns(names: Sequence[str]) -> Columns:
    """Return where each field stands, by the names. Raise InvalidFile if one is missing."""
    plain = [re.sub(r"[\s_]+", "_", name.strip().lower()) for name in names]
    found = {
        field: plain.index(name)
        for field, synonyms in SYNONYMS.items()
        for name in reversed(synonyms)
        if name in plain
    }
    missing = [field for field in NEEDED if field not in found]
    if missing:
        raise InvalidFile(
            f"There is no column {' and none '.join(missing)} among {', '.join(names)[:200]}."
        )
    return found


def json_rows(path: Path) -> Iterator[Raw]:
    """Yield the rows of [[milliseconds, open, high, low, close, volume], …], piece by piece."""
    number, rest, is_begun = 0, "", False
    with opened(path) as text:
        while chunk := text.read(CHUNK):
            rest += chunk
            if not is_begun:
                rest, is_begun = _without_bracket(rest), True
            end = 0
            for found in ROW.finditer(rest):
                number += 1
                if not BETWEEN.fullmatch(rest, end, found.start()):
                    raise InvalidFile(f"row {number}: no list of lists of numbers.")
                cells = [cell.strip().strip('"') for cell in found[1].split(",")]
                yield _raw(f"row {number}", cells, USUAL_ORDER)
                end = found.end()
            rest = rest[end:]
            if len(rest) > CHUNK:
                raise InvalidFile(f"row {number + 1}: no list of lists of numbers.")
    if rest.strip() != "]":
        raise InvalidFile(f"row {number + 1}: the file breaks off. Get it again.")


def opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.strip()))


def _without_bracket(text: str) -> str:
    if not text.lstrip().startswith("["):
        raise InvalidFile("It is no list of candles, as freqtrade writes it.")
    return text.lstrip()[1:]


def _raw(place: str, row: Sequence[str], columns: Columns) -> Raw:
    cells = {
        field: row[index].strip() if index < len(row) else "" for field, index in columns.items()
    }
    return Raw(place, **cells)
