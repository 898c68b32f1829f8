"""Candles as numpy arrays, straight from the database: no row becomes a model, or a Decimal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import Cursor

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
    """Read each column as one binary array, which numpy takes whole."""
    # Django's own cursor has answers sent as text, where bytes are twice as long.
    with connection.cursor() as own, connection.wrap_database_errors:
        answer = Cursor(own.connection).execute(_ARRAYS, key, binary=True, prepare=False)
        ((opened_at, *numbers, is_final),) = answer.fetchall()
    since_2000 = _elements(opened_at, ">i8").astype(np.int64)
    floats = [_elements(column, ">f8").astype(np.float64) for column in numbers]
    return CandleArrays(
        opened_at=(since_2000 + _YEAR_2000).view("datetime64[us]"),
        **dict(zip(NUMBERS, floats, strict=True)),
        is_final=_elements(is_final, "?").copy(),
    )


def _elements(answer: bytes | None, kind: str) -> NDArray[Any]:
    """Return the elements of what array_send made of a column; None if it had no row.

    Before them stand five integers (one dimension, no null, their type, count, lower bound), and
    before each its length.
    """
    element = np.dtype([("length", ">i4"), ("value", kind)])
    return np.frombuffer((answer or b"")[5 * 4 :], element)["value"]


def _from_sqlite(key: tuple[Any, ...]) -> CandleArrays:
    """Read each column as one text, which numpy takes apart."""
    *series, starts_at, ends_at = key
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS, [*series, adapt(starts_at), adapt(ends_at)])
        opened_at, *numbers, is_final = (text or "" for text in cursor.fetchone())
    floats = [np.fromstring(column, np.float64, sep=",") for column in numbers]
    return CandleArrays(
        opened_at=np.fromstring(opened_at, np.int64, sep=",").view("datetime64[us]"),
        **dict(zip(NUMBERS, floats, strict=True)),
        is_final=np.fromstring(is_final, np.int64, sep=",").astype(np.bool_),
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
_FLOATS = ", ".join(f"coalesce({name}::float8, 'NaN') AS {name}" for name in NUMBERS)
_SENT = ", ".join(f"array_send(array_agg({name}))" for name in ("opened_at", *NUMBERS, "is_final"))
_ARRAYS = f"SELECT {_SENT} FROM (SELECT opened_at, {_FLOATS}, is_final {_WHERE}) AS found"  # noqa: S608
# Seconds, and the six digits behind the point where there are any.
_SINCE_1970 = "strftime('%%s', opened_at) * 1000000 + CAST(substr(opened_at, 21) AS INTEGER)"
_JOINED = ", ".join(f"group_concat(coalesce({name}, 'nan'))" for name in NUMBERS)
_TEXTS = (
    f"SELECT group_concat({_SINCE_1970}), {_JOINED}, group_concat(is_final) "  # noqa: S608
    f"FROM (SELECT opened_at, {', '.join(NUMBERS)}, is_final {_WHERE})"
)
_YEAR_2000 = 946_684_800_000_000  # us since 1970, from which PostgreSQL counts
