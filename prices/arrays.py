"""Candles as numpy arrays, straight from the database: no row becomes a model, or a Decimal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from prices.models import Candle

Floats = NDArray[np.float64]
NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleArrays:
    """Candles of one series in columns, oldest first; each array has one entry a candle.

    Numbers are floats, for drawing and calculating: 15 digits. The rows keep all.

    opened_at     datetime64[us], UTC
    quote_volume  NaN where the venue tells none
    """

    opened_at: NDArray[np.datetime64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    quote_volume: Floats
    is_final: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.opened_at)

    def adjusted(self, actions: Sequence[tuple[datetime, float, float]]) -> CandleArrays:
        """Return the candles as if the last prices had always been counted in today's units.

        actions  (effective_at, price factor, volume factor), oldest first; each counts for the
                 candles that open before it
        """
        if not actions:
            return self
        effective_at = np.array([_naive(at) for at, _, _ in actions], "datetime64[us]")
        later = np.searchsorted(effective_at, self.opened_at, side="right")
        price = _products([factor for _, factor, _ in actions])[later]
        volume = _products([factor for _, _, factor in actions])[later]
        return replace(
            self,
            open=self.open * price,
            high=self.high * price,
            low=self.low * price,
            close=self.close * price,
            volume=self.volume * volume,
        )


def read_arrays(
    instrument_id: int, interval: str, starts_at: datetime, ends_at: datetime
) -> CandleArrays:
    """Read the candles that opened in [starts_at, ends_at)."""
    return READERS[connection.vendor]((instrument_id, interval, starts_at, ends_at))


def _products(factors: Sequence[float]) -> Floats:
    """Return at i the product of all factors from i on; 1 after the last."""
    return np.append(np.cumprod(factors[::-1])[::-1], 1.0)


def _from_postgresql(key: tuple[Any, ...]) -> CandleArrays:
    """Read what COPY writes: rows of one length, as no value is null, so numpy takes them whole."""
    # Django's cursor, when it counts statements, takes COPY without parameters only.
    with connection.cursor() as cursor, cursor.cursor.copy(_COPY, key) as copy:
        answer = b"".join(copy)
    rows = np.frombuffer(answer[_HEADER:-_TRAILER], _ROW)
    numbers = {name: rows[name].astype(np.float64) for name in NUMBERS}
    opened_at = rows["opened_at"].astype(np.int64) + _YEAR_2000
    return CandleArrays(
        opened_at=opened_at.view("datetime64[us]"), **numbers, is_final=rows["is_final"].copy()
    )


def _from_sqlite(key: tuple[Any, ...]) -> CandleArrays:
    *series, starts_at, ends_at = key
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [*series, adapt(starts_at), adapt(ends_at)])
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * (2 + len(NUMBERS))
    numbers = (np.array(column, np.float64) for column in columns[1:-1])
    return CandleArrays(
        opened_at=np.array(columns[0], "datetime64[us]"),
        **dict(zip(NUMBERS, numbers, strict=True)),
        is_final=np.array(columns[-1], np.bool_),
    )


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)  # numpy knows no zones


READERS: dict[str, Callable[[tuple[Any, ...]], CandleArrays]] = {
    "postgresql": _from_postgresql,
    "sqlite": _from_sqlite,
}
_WHERE = (
    f"FROM {Candle._meta.db_table} WHERE instrument_id = %s AND interval = %s "
    "AND opened_at >= %s AND opened_at < %s ORDER BY opened_at"
)
_FLOATS = ", ".join(f"coalesce({name}::float8, 'NaN')" for name in NUMBERS)
_COPY = f"COPY (SELECT opened_at, {_FLOATS}, is_final {_WHERE}) TO STDOUT (FORMAT BINARY)"
_REALS = ", ".join(f"CAST({name} AS REAL)" for name in NUMBERS)
_SELECT = f"SELECT opened_at, {_REALS}, is_final {_WHERE}"
# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format", read 2026-11-21: before
# each value comes its length, before each row the number of its values.
_HEADER, _TRAILER = 19, 2  # bytes
_FIELDS = [("opened_at", ">i8"), *((name, ">f8") for name in NUMBERS), ("is_final", "?")]
_ROW = np.dtype(
    [
        ("values", ">i2"),
        *(part for name, kind in _FIELDS for part in ((f"{name}_length", ">i4"), (name, kind))),
    ]
)
_YEAR_2000 = 946_684_800_000_000  # us since 1970, from which PostgreSQL counts
