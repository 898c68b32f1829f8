"""Many rows in one statement, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import DateTimeField, DecimalField, Field, JSONField, Model, QuerySet

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
    fields = [_field(model, name) for name in (*match, *columns)]
    table = connection.ops.quote_name(model._meta.db_table)
    settings = ", ".join(f"{_column(f)} = v.{_column(f)}" for f in fields[len(match) :])
    matches = [f"{table}.{_column(f)} = v.{_column(f)}" for f in fields[: len(match)]]
    condition = " AND ".join([*matches, *([only] if only else [])])
    sql = f"UPDATE {table} SET {settings} FROM {{values}} WHERE {condition}"  # noqa: S608
    return _for_rows(sql, fields, rows)


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
    key = _primary_key(source)
    fields = [_field(model, name) for name in columns]
    quote = connection.ops.quote_name
    targets = ", ".join([*map(quote, copied), *(_column(f) for f in fields)])
    values = ", ".join(
        [*(f"s.{quote(name)}" for name in copied.values()), *(f"v.{_column(f)}" for f in fields)]
    )
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({targets}) "  # noqa: S608
        f"SELECT {values} FROM {{values}} JOIN {quote(source._meta.db_table)} s "
        f"ON s.{_column(key)} = v.source_key WHERE true ON CONFLICT {on_conflict}"
    )
    return _for_rows(sql, [key, *fields], rows, names=["source_key", *map(_column, fields)])


def update_returning(
    chosen: QuerySet[Any],
    *,
    assign: str,
    values: Sequence[tuple[str, Any]],
    columns: Sequence[str],
) -> list[dict[str, Any]]:
    """Update the chosen rows in one statement, and return `columns` of each, in any order.

    assign   SQL after SET, a constant of the caller
    values   for its placeholders: the field that a value belongs to, and the value
    """
    model = chosen.model
    table = connection.ops.quote_name(model._meta.db_table)
    key = _column(_primary_key(model))
    fields = [_field(model, name) for name in columns]
    selected, parameters = chosen.values(_primary_key(model).attname).query.sql_with_params()
    sql = (
        f"WITH chosen AS ({selected}) UPDATE {table} SET {assign} "  # noqa: S608
        f"FROM chosen WHERE {table}.{key} = chosen.{key} "
        f"RETURNING {', '.join(f'{table}.{_column(f)}' for f in fields)}"
    )
    prepared = [_field(model, name).get_db_prep_save(value, connection) for name, value in values]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *prepared])
        rows = cursor.fetchall()
    readers = {
        name: read for name, field in zip(columns, fields, strict=True) if (read := _reader(field))
    }
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    for row in found:
        for name, read in readers.items():
            row[name] = read(row[name])
    return found


def _for_rows(
    sql: str,
    fields: Sequence[Field[Any, Any]],
    rows: Sequence[Sequence[Any]],
    names: Sequence[str] = (),
) -> int:
    """Execute `sql` with the rows as its table {values}, called v; return the rows it touched."""
    names = names or [_column(field) for field in fields]
    touched = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS):
            table, parameters = _table(fields, names, rows[start : start + ROWS])
            cursor.execute(sql.format(values=table), parameters)
            touched += int(cursor.rowcount)
    return touched


def _table(
    fields: Sequence[Field[Any, Any]], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    """Return the SQL of a table v with these columns and rows, and its parameters."""
    if connection.vendor == "postgresql":  # one document is quickest to write and to read
        types = zip(names, fields, strict=True)
        columns = ", ".join(f"{name} {field.cast_db_type(connection)}" for name, field in types)
        keys = [name.strip('"') for name in names]
        document = json.dumps([dict(zip(keys, row, strict=True)) for row in rows], default=str)
        return f"jsonb_to_recordset(%s::jsonb) AS v ({columns})", [document]
    writers = [_writer(field) for field in fields]
    values = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    table = f"(WITH v ({', '.join(names)}) AS (VALUES {values}) SELECT * FROM v) AS v"  # noqa: S608
    parameters = [write(value) for row in rows for write, value in zip(writers, row, strict=True)]
    return table, parameters


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """Return what turns a Python value into one for SQLite's driver.

    As Django's get_db_prep_save does for these fields; that takes a microsecond or three a value.
    """
    if isinstance(field, JSONField):
        return lambda value: None if value is None else json.dumps(value, cls=field.encoder)
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, DecimalField):
        return lambda value: field.get_db_prep_save(value, connection)
    return lambda value: value


def _reader(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what turns a value of the driver into a Python value; None if it is one."""
    if isinstance(field, JSONField):
        return _read_json
    converters = connection.ops.get_db_converters(field.get_col(field.model._meta.db_table))
    if not converters:
        return None

    def read(value: Any) -> Any:
        for convert in converters:
            value = convert(value, None, connection)
        return value

    return read


def _read_json(text: str | None) -> Any:
    if text == "{}":  # as parameters mostly are
        return {}
    return None if text is None else json.loads(text)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _primary_key(model: type[Model]) -> Field[Any, Any]:
    key = model._meta.pk
    assert key is not None  # noqa: S101  # every model has one
    return key


def _column(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))
