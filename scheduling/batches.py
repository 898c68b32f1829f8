"""Many rows in one statement, in SQL that SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import Field, Model

ROWS = 500  # in one statement: SQLite takes 32,766 parameters


def update_rows(
    model: type[Model],
    *,
    match: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    only: str = "",
) -> int:
    """Update each row that has the values of `match`, and return how many there were.

    rows  the values of `match`, then those of `columns`, as Python values
    only  a further SQL condition on the table, a constant of the caller
    """
    if not rows:
        return 0
    if len(rows) > ROWS:
        head, rest = rows[:ROWS], rows[ROWS:]
        return sum(
            update_rows(model, match=match, columns=columns, rows=part, only=only)
            for part in (head, rest)
        )
    names = [*match, *columns]
    fields = [_field(model, name) for name in names]
    table = connection.ops.quote_name(model._meta.db_table)
    settings = ", ".join(f"{_column(f)} = {_cast('v', f)}" for f in fields[len(match) :])
    matches = [f"{table}.{_column(f)} = {_cast('v', f)}" for f in fields[: len(match)]]
    condition = " AND ".join([*matches, *([only] if only else [])])
    sql = (
        f"UPDATE {table} SET {settings} FROM (WITH v ({', '.join(map(_column, fields))}) "  # noqa: S608
        f"AS ({_values(len(rows), len(names))}) SELECT * FROM v) AS v WHERE {condition}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(fields, rows))
        return int(cursor.rowcount)


def insert_from(
    model: type[Model],
    *,
    source: type[Model],
    copied: dict[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> int:
    """Insert a row of `model` for each of `rows`, the rest copied from a row of `source`.

    copied  column of `model` -> column of `source`
    rows    the primary key of the source's row, then the values of `columns`
    returns how many rows were inserted: those that break a unique constraint are left out
    """
    if not rows:
        return 0
    if len(rows) > ROWS:
        return sum(
            insert_from(model, source=source, copied=copied, columns=columns, rows=part)
            for part in (rows[:ROWS], rows[ROWS:])
        )
    key = source._meta.pk
    fields = [_field(model, name) for name in columns]
    quote = connection.ops.quote_name
    targets = ", ".join([*map(quote, copied), *(_column(f) for f in fields)])
    values = ", ".join(
        [*(f"s.{quote(name)}" for name in copied.values()), *(_cast("v", f) for f in fields)]
    )
    names = ", ".join(["source_id", *(_column(f) for f in fields)])
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({targets}) "  # noqa: S608
        f"WITH v ({names}) AS ({_values(len(rows), len(fields) + 1)}) "
        f"SELECT {values} FROM v JOIN {quote(source._meta.db_table)} s "
        f"ON s.{_column(key)} = v.source_id WHERE true ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters([key, *fields], rows))
        return int(cursor.rowcount)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _column(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))


def _cast(alias: str, field: Field[Any, Any]) -> str:
    column = f"{alias}.{_column(field)}"
    if connection.vendor != "postgresql":
        return column  # SQLite stores what it is given; a cast to datetime would spoil it
    return f"CAST({column} AS {field.cast_db_type(connection)})"


def _values(rows: int, columns: int) -> str:
    row = f"({', '.join(['%s'] * columns)})"
    return f"VALUES {', '.join([row] * rows)}"


def _parameters(fields: Sequence[Field[Any, Any]], rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
