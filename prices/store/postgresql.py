"""Candles go to PostgreSQL by COPY.

Those that are new go straight into the table. The others go into a temporary one, and one statement
takes from there what has changed. Each is compared before it is written: ON CONFLICT would lock,
and so write, each row that it finds, also where it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from prices.models import Candle, CandleRevision
from prices.models.decimals import DECIMAL_PLACES, MAX_DIGITS
from prices.store.series import COLUMNS, VALUES, Row, Series, Written

STAGING = "prices_candle_staging"
NUMERIC = f"numeric({MAX_DIGITS}, {DECIMAL_PLACES})"  # rounds as the table does
TYPES = {
    "instrument_id": "int8",
    "interval": "varchar",
    "opened_at": "timestamptz",
    "is_final": "bool",
    "fetched_at": "timestamptz",
}


def write(series: Series, rows: list[Row], fetched_at: datetime) -> Written:
    """Store `rows`, in the order of their openings; return what came of them."""
    found = series.stored(rows[0][0], rows[-1][0]).values_list("opened_at", flat=True)
    stored = set(found.iterator())
    new = [row for row in rows if row[0] not in stored]
    if new:
        copy_in(series, new, fetched_at)
    if len(new) == len(rows):
        return Written(new=len(new))
    known = [row for row in rows if row[0] in stored] if new else rows
    changed, revised = _update(series, known, fetched_at)
    unchanged = len(known) - changed
    return Written(new=len(new), changed=changed, unchanged=unchanged, revised=revised)


def copy_in(series: Series, rows: Iterable[Row], fetched_at: datetime) -> None:
    """COPY `rows` into the table, where none of them may be."""
    own = (series.instrument.pk, series.interval)
    with connection.cursor() as cursor:
        _copy(cursor, _TABLE, _ALL, ((*own, *row, fetched_at) for row in rows))


def _update(series: Series, rows: list[Row], fetched_at: datetime) -> tuple[int, int]:
    """Update the stored candles that differ; return how many did, and how many were final."""
    key: dict[str, Any] = {
        "instrument": series.instrument.pk,
        "interval": series.interval,
        "first": rows[0][0],
        "last": rows[-1][0],
        "fetched_at": fetched_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_STAGING)
        _copy(cursor, STAGING, COLUMNS, rows)
        cursor.execute(_UPDATE, key)
        changed, revised = cursor.fetchone()
        cursor.execute(f"TRUNCATE {STAGING}")
    return changed, revised


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([TYPES.get(column, "numeric") for column in columns])
        for row in rows:
            copy.write_row(row)


_TABLE = Candle._meta.db_table
_ALL = ("instrument_id", "interval", *COLUMNS, "fetched_at")
_REVISED = [name for name in COLUMNS if name != "is_final"]


def _listed(names: Iterable[str], form: str = "{0}") -> str:
    return ", ".join(form.format(name) for name in names)


_DEFINED = _listed(f"{name} {TYPES.get(name, NUMERIC)}" for name in COLUMNS)
_MAKE_STAGING = f"CREATE TEMPORARY TABLE IF NOT EXISTS {STAGING} ({_DEFINED})"
_DIFFERS = f"({_listed(VALUES, 's.{0}')}) IS DISTINCT FROM ({_listed(VALUES, 'c.{0}')})"
_UPDATE = f"""
WITH differing AS MATERIALIZED (
    SELECT s.*, c.id, c.is_final AS was_final, {_listed(_REVISED, "c.{0} AS old_{0}")},
        c.fetched_at AS old_fetched_at
    FROM {STAGING} s JOIN {_TABLE} c ON c.opened_at = s.opened_at
    WHERE c.instrument_id = %(instrument)s AND c.interval = %(interval)s
        AND c.opened_at BETWEEN %(first)s AND %(last)s
        AND {_DIFFERS} AND (s.is_final OR NOT c.is_final) AND c.fetched_at <= %(fetched_at)s
), kept AS (
    INSERT INTO {CandleRevision._meta.db_table}
        (instrument_id, interval, {_listed(_REVISED)}, fetched_at, replaced_at)
    SELECT %(instrument)s, %(interval)s, {_listed(_REVISED, "old_{0}")}, old_fetched_at,
        %(fetched_at)s
    FROM differing WHERE was_final RETURNING 1
), changed AS (
    UPDATE {_TABLE} c SET {_listed(VALUES, "{0} = d.{0}")}, fetched_at = %(fetched_at)s
    FROM differing d WHERE c.id = d.id RETURNING 1
)
SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM kept)
"""  # noqa: S608
