"""Candles go to SQLite by Django's bulk upsert, after a look at what is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Context, Decimal

from prices.models import Candle, CandleRevision
from prices.models.decimals import DECIMAL_PLACES, MAX_DIGITS
from prices.store.series import COLUMNS, VALUES, Row, Series, Written

UNIT = Decimal(1).scaleb(-DECIMAL_PLACES)
KEY = ["instrument", "interval", "opened_at"]
StoredRow = tuple[
    datetime, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal | None, bool, datetime
]
_quantize = Context(prec=MAX_DIGITS).quantize


def write(series: Series, rows: list[Row], fetched_at: datetime) -> Written:
    """Store `rows`, in the order of their openings; return what came of them."""
    found = series.stored(rows[0][0], rows[-1][0]).values_list(*COLUMNS, "fetched_at")
    stored: dict[datetime, StoredRow] = {row[0]: row for row in found}
    new, changed, revised = [], [], []
    for row in rows:
        old = stored.get(row[0])
        if old is None:
            new.append(row)
        elif _replaces(row, old, fetched_at):
            changed.append(row)
            if old[-2]:  # final
                revised.append(old)
    _keep(series, revised, fetched_at)
    _upsert(series, new + changed, fetched_at)
    unchanged = len(rows) - len(new) - len(changed)
    return Written(new=len(new), changed=len(changed), unchanged=unchanged, revised=len(revised))


def _replaces(row: Row, old: StoredRow, fetched_at: datetime) -> bool:
    *_, old_is_final, old_fetched_at = old
    if old_fetched_at > fetched_at or (old_is_final and not row[-1]):
        return False
    return row[1:] != old[1:-1] and _rounded(row) != old[1:-1]


def _rounded(row: Row) -> tuple[Decimal | bool | None, ...]:
    """Return the values of `row` as the database keeps them."""
    numbers = [number if number is None else _quantize(number, UNIT) for number in row[1:-1]]
    return (*numbers, row[-1])


def _keep(series: Series, revised: Iterable[StoredRow], replaced_at: datetime) -> None:
    names = [name for name in COLUMNS if name != "is_final"]
    CandleRevision.objects.bulk_create(
        CandleRevision(
            instrument=series.instrument,
            interval=series.interval,
            **dict(zip(names, old[:-2], strict=True)),
            fetched_at=old[-1],
            replaced_at=replaced_at,
        )
        for old in revised
    )


def _upsert(series: Series, rows: Iterable[Row], fetched_at: datetime) -> None:
    Candle.objects.bulk_create(
        [
            Candle(
                instrument=series.instrument,
                interval=series.interval,
                **dict(zip(COLUMNS, row, strict=True)),
                fetched_at=fetched_at,
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=KEY,
        update_fields=[*VALUES, "fetched_at"],
    )
