"""Candles go to PostgreSQL by COPY.

Where nothing is stored yet they go straight into the table; else into a temporary one, and from
there in one statement what is new or changed. That compares first: ON CONFLICT would lock, and so
write, each row that it finds, also where it changes nothing.
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
    first, last = rows[0][0], rows[-1][0]
    if not series.stored(first, last).exists():
        _copy_in(series, rows, fetched_at)
        return Written(new=len(rows))
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_STAGING)
        _copy(cursor, STAGING, COLUMNS, rows)
        cursor.execute(
            _MERGE,
            {
                "instrument": series.instrument.pk,
                "interval": series.interval,
                "first": first,
                "last": last,
                "fetched_at": fetched_at,
            },
        )
        new, changed, revised = cursor.fetchone()
        cursor.execute(f"TRUNCATE {STAGING}")
    unchanged = len(rows) - new - changed
    return Written(new=new, changed=changed, unchanged=unchanged, revised=revised)


def _copy_in(series: Series, rows: list[Row], fetched_at: datetime) -> None:
    own = (series.instrument.pk, series.interval)
    with connection.cursor() as cursor:
        _copy(cursor, _TABLE, _ALL, ((*own, *row, fetched_at) for row in rows))


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
_MERGE = f"""
WITH differing AS MATERIALIZED (
    SELECT s.*, c.is_final AS was_final, {_listed(_REVISED, "c.{0} AS old_{0}")},
        c.fetched_at AS old_fetched_at
    FROM {STAGING} s LEFT JOIN {_TABLE} c
        ON c.instrument_id = %(instrument)s AND c.interval = %(interval)s
        AND c.opened_at BETWEEN %(first)s AND %(last)s AND c.opened_at = s.opened_at
    WHERE c.id IS NULL
        OR {_DIFFERS} AND (s.is_final OR NOT c.is_final) AND c.fetched_at <= %(fetched_at)s
), kept AS (
    INSERT INTO {CandleRevision._meta.db_table}
        (instrument_id, interval, {_listed(_REVISED)}, fetched_at, replaced_at)
    SELECT %(instrument)s, %(interval)s, {_listed(_REVISED, "old_{0}")}, old_fetched_at,
        %(fetched_at)s
    FROM differing WHERE was_final RETURNING 1
), written AS (
    INSERT INTO {_TABLE} AS stored ({_listed(_ALL)})
    SELECT %(instrument)s, %(interval)s, {_listed(COLUMNS)}, %(fetched_at)s
    FROM differing
    ON CONFLICT (instrument_id, interval, opened_at) DO UPDATE
    SET {_listed([*VALUES, "fetched_at"], "{0} = EXCLUDED.{0}")}
    RETURNING xmax = 0 AS is_new  -- a row that was there is locked by us
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
    (SELECT count(*) FROM kept)
FROM written
"""  # noqa: S608
