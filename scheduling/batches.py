"""Many rows in one statement, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from scheduling.columns import (
    Columns,
    columns_from,
    columns_of,
    columns_to_insert,
    primary_key,
    quoted,
)
from scheduling.sql import Statement

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
    all_columns, table = columns_of(model, *match, *columns), _table_of(model)
    matched, set_ = all_columns.names[: len(match)], all_columns.names[len(match) :]
    settings = ", ".join(f"{name} = v.{name}" for name in set_)
    matches = [f"{table}.{name} = v.{name}" for name in matched]
    condition = " AND ".join([*matches, *([only] if only else [])])
    sql = f"UPDATE {table} SET {settings} FROM {{values}} WHERE {condition}"  # noqa: S608
    return _for_rows(sql, all_columns, rows)


def insert_from(
    model: type[Model],
    *,
    source: type[Model],
    copied: dict[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    on_conflict: str = "DO NOTHING",
) -> int:
    """Insert a row of `model` for each of `rows` whose source exists, the rest copied from it.

    copied       column of `model` -> column of `source`
    rows         the primary key of the source's row, then the values of `columns`
    on_conflict  SQL of what happens to rows that break a unique constraint
    returns how many rows were written
    """
    given = columns_from(source, model, *columns)
    quote, key = connection.ops.quote_name, quoted(primary_key(source))
    targets = ", ".join([*map(quote, copied), *given.names[1:]])
    values = ", ".join(
        [*(f"s.{quote(name)}" for name in copied.values()), *(f"v.{n}" for n in given.names[1:])]
    )
    sql = (
        f"INSERT INTO {_table_of(model)} ({targets}) "  # noqa: S608
        f"SELECT {values} FROM {{values}} JOIN {_table_of(source)} s ON s.{key} = v.source_key "
        f"WHERE true ON CONFLICT {on_conflict}"
    )
    return _for_rows(sql, given, rows)


def insertion(instances: Sequence[Model]) -> Statement:
    """Return the statement that inserts unsaved instances of one model, at most ROWS of them.

    It answers with their primary keys, which rise in the order of the instances.
    """
    model = type(instances[0])
    columns = columns_to_insert(model)
    attributes = [field.attname for field in columns.fields]
    rows = [[getattr(instance, name) for name in attributes] for instance in instances]
    source, parameters = columns.values(rows) if len(rows) == 1 else columns.selected(rows)
    return (
        f"INSERT INTO {_table_of(model)} ({', '.join(columns.names)}) {source} "
        f"RETURNING {quoted(primary_key(model))}",
        parameters,
    )


def _for_rows(sql: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> int:
    """Execute `sql` with the rows as its table {values}, called v; return the rows it touched."""
    touched = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS):
            table, parameters = columns.table(rows[start : start + ROWS])
            cursor.execute(sql.format(values=table), parameters)
            touched += int(cursor.rowcount)
    return touched


def _table_of(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
