"""Positions that somebody writes down: in a CSV file of his own, or in the admin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, cast, get_args

from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    InvalidSettings,
    InvalidStatement,
    Kind,
    Part,
    Position,
    SourceUnavailable,
    Statement,
)
from snapshots.sources.csv_table import CsvTable, Row
from snapshots.sources.export_file import GivenFile, as_text
from snapshots.sources.numbers import shown
from snapshots.sources.surroundings import Surroundings

REQUIRED = ("ticker", "amount")
KNOWN = (*REQUIRED, "price", "value", "name", "kind", "location")
KINDS = get_args(Kind)

Entered = tuple[tuple[Position, ...], datetime]


class Manual:
    """An account whose owner says himself what is in it, in the account's currency."""

    credential: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, file: GivenFile | None, entered: Callable[[], Entered | None], currency: str
    ) -> None:
        self._file = file
        self._entered = entered
        self._currency = currency

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> Manual:
        """Read `path`, or `uploads: true`. Without them, what is entered in the admin counts."""
        uploads = settings.get("uploads", False)
        if not isinstance(uploads, bool):
            raise InvalidSettings(f"'uploads' is {uploads!r}. Use true or false.")
        if "path" not in settings and not uploads:
            return cls(None, around.entered, around.currency)
        what = "a CSV file with the columns ticker, amount and value"
        file = GivenFile.configured(settings, around, kinds=(".csv",), what=what)
        return cls(file, around.entered, around.currency)

    def fetch(self) -> Statement:
        """Return what was written down, as of when it was changed last."""
        name, (positions, as_of) = self._read_file() if self._file else self._read_entered()
        return Statement(
            positions=positions, parts=(Part(name),), currency=self._currency, as_of=as_of
        )

    def _read_entered(self) -> tuple[str, Entered]:
        entered = self._entered()
        if entered is None:
            raise SourceUnavailable(
                "Nobody has entered a position. Enter them in the admin, on the page of the "
                "account, or set 'path' or 'uploads' in its settings."
            )
        return "entered", entered

    def _read_file(self) -> tuple[str, Entered]:
        file = as_text(cast(GivenFile, self._file).read())
        table = CsvTable(file.name, file.text)
        header = tuple(name.lower() for name in table.header)
        strange = [name for name in header if name not in KNOWN]
        missing = [name for name in REQUIRED if name not in header]
        if strange or missing or len(set(header)) < len(header):
            columns = ", ".join(shown(name) for name in table.header[:20])
            raise InvalidStatement(
                f"{file.name} has the columns {columns}. It needs ticker, amount, and price or "
                "value; it may have name, kind and location; each once."
            )
        table.header = header
        return file.name, (tuple(_position(row) for row in table.rows()), file.written_at)


def _position(row: Row) -> Position:
    kind = row.cells.get("kind", "").lower() or "other"
    if kind not in KINDS:
        raise InvalidStatement(
            f"{row.place}, column 'kind': {shown(kind)}. Use {', '.join(KINDS)}."
        )
    amount = row.number("amount")
    price, value = row.number_or_none("price"), row.number_or_none("value")
    return Position(
        ticker=row.required_text("ticker", limit=MAX_TICKER),
        name=row.text("name", limit=MAX_TEXT) if "name" in row.cells else "",
        kind=cast(Kind, kind),
        location=row.text("location", limit=MAX_TEXT) if "location" in row.cells else "",
        amount=amount,
        price=price,
        value=value_of(amount, price, value),
    )


def value_of(amount: Decimal, price: Decimal | None, value: Decimal | None) -> Decimal | None:
    """Return the value: as it was written, or else that of the price; None if neither was."""
    if value is not None or price is None:
        return value
    return amount * price
