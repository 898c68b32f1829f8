"""Read exchange rates and corporate actions from CSV files with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from prices.candle_files.fields import InvalidFile
from prices.collection.selection import NoSuchInstrument, get_one
from prices.models import CorporateAction, Rate

RATES = {"base_currency", "quote_currency", "at", "rate", "source"}
ACTIONS = {"instrument", "kind", "effective_at", "price_factor", "source"}
MOST_ROWS = 1_000_000
Row = Mapping[str, str]


def read_rates(path: Path) -> list[Rate]:
    """Return the rates of a file, not saved yet. They are official unless a column `kind` says so.

    Raise InvalidFile.
    """
    return [_rate(row, where) for row, where in _rows(path, RATES, {"kind"})]


def read_corporate_actions(path: Path) -> list[CorporateAction]:
    """Return the corporate actions of a file, not saved yet. Raise InvalidFile."""
    rows = _rows(path, ACTIONS, {"volume_factor"})
    return [_corporate_action(row, where) for row, where in rows]


def _rate(row: Row, where: str) -> Rate:
    base, quote = row["base_currency"].upper(), row["quote_currency"].upper()
    if base == quote:
        raise InvalidFile(f"{where}: a rate has two currencies, and both are {base}.")
    return Rate(
        base_currency=base,
        quote_currency=quote,
        kind=_one_of(row, "kind", Rate.Kind.values, where, default=Rate.Kind.OFFICIAL.value),
        source=row["source"],
        at=_instant(row, "at", where),
        rate=_positive(row, "rate", where),
    )


def _corporate_action(row: Row, where: str) -> CorporateAction:
    try:
        instrument = get_one(row["instrument"])
    except NoSuchInstrument as exc:
        raise InvalidFile(f"{where}, column 'instrument': {exc}") from exc
    return CorporateAction(
        instrument=instrument,
        kind=_one_of(row, "kind", CorporateAction.Kind.values, where),
        effective_at=_instant(row, "effective_at", where),
        price_factor=_positive(row, "price_factor", where),
        volume_factor=_positive({"volume_factor": "1"} | dict(row), "volume_factor", where),
        source=row["source"],
    )


def _rows(path: Path, required: set[str], allowed: set[str]) -> Iterator[tuple[Row, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            if missing := sorted(required.difference(header)):
                raise InvalidFile(f"{path}: its header lacks {', '.join(missing)}.")
            if strange := sorted(set(header) - required - allowed):
                known = ", ".join(sorted(required | allowed))
                raise InvalidFile(f"{path}: unknown columns: {', '.join(strange)}. Known: {known}.")
            for count, row in enumerate(reader):
                where = f"{path}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise InvalidFile(f"{where} has not as many fields as the header.")
                if count >= MOST_ROWS:
                    raise InvalidFile(f"{path} has more than {MOST_ROWS:,} rows. Split it.")
                yield _filled(row, required, where), where
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise InvalidFile(f"{path} cannot be read: {exc}") from exc


def _filled(row: Row, required: set[str], where: str) -> Row:
    stripped = {name: value.strip() for name, value in row.items()}
    for name in sorted(required):
        if not stripped[name]:
            raise InvalidFile(f"{where}, column {name!r} is empty.")
    return {name: value for name, value in stripped.items() if value}


def _positive(row: Row, name: str, where: str) -> Decimal:
    text = row[name]
    try:
        number = Decimal(text) if "_" not in text else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and number > 0):
        raise InvalidFile(f"{where}, column {name!r}: {text!r} is no number above 0, as 1463.5.")
    return number


def _instant(row: Row, name: str, where: str) -> datetime:
    """Return an instant; a date is its midnight in UTC."""
    text = row[name]
    said = f"{where}, column {name!r}: {text!r} is no date, as 2026-03-02, and no instant with its"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InvalidFile(f"{said} offset, as 2026-03-02T15:30+09:00.") from exc
    if instant.tzinfo is None and len(text) > len("2026-03-02"):
        raise InvalidFile(f"{said} offset, as 2026-03-02T15:30+09:00.")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _one_of(row: Row, name: str, known: list[str], where: str, default: str = "") -> str:
    value = row.get(name, default)
    if value not in known:
        raise InvalidFile(f"{where}, column {name!r}: {value!r} is none of {', '.join(known)}.")
    return value
