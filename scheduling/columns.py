"""Columns of a model as SQL and its drivers want them, worked out once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import Any, cast

import orjson
from django.db import connection
from django.db.models import DateTimeField, DecimalField, Field, JSONField, Model


class Columns:
    """Some columns of a model, and how their values go to the database and come from it.

    names  quoted; of the first one of a source, what it is called in SQL
    """

    def __init__(self, fields: Sequence[Field[Any, Any]], names: Sequence[str]) -> None:
        self.fields = fields
        self.names = names

    def table(self, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
        """Return the SQL of a table v of these columns and rows, and its parameters."""
        if connection.vendor == "postgresql":  # one document is quickest to write and to read
            keys = self._keys
            document = _document([dict(zip(keys, row, strict=True)) for row in rows])
            return f"jsonb_to_recordset(%s::jsonb) AS v ({self._definition})", [document]
        values, parameters = self.values(rows)
        return f"(WITH v ({', '.join(self.names)}) AS ({values}) SELECT * FROM v) AS v", parameters  # noqa: S608

    def selected(self, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
        """Return the SQL that selects these columns of the rows, and its parameters."""
        table, parameters = self.table(rows)
        return f"SELECT {', '.join(self.names)} FROM {table}", parameters  # noqa: S608

    def values(self, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
        """Return the SQL of the rows as VALUES, and its parameters."""
        line = f"({', '.join(['%s'] * len(self.fields))})"
        parameters = [
            write(value) for row in rows for write, value in zip(self._writers, row, strict=True)
        ]
        return f"VALUES {', '.join([line] * len(rows))}", parameters

    def records(self, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Return rows of the driver as mappings of the fields' attributes to Python values."""
        names = self._attributes
        found = [dict(zip(names, row, strict=True)) for row in rows]
        for name, read in self._readers:
            for record in found:
                record[name] = read(record[name])
        return found

    @cached_property
    def _attributes(self) -> list[str]:
        return [field.attname for field in self.fields]

    @cached_property
    def _keys(self) -> list[str]:
        return [name.strip('"') for name in self.names]

    @cached_property
    def _definition(self) -> str:
        types = zip(self.names, self.fields, strict=True)
        return ", ".join(f"{name} {field.cast_db_type(connection)}" for name, field in types)

    @cached_property
    def _writers(self) -> list[Callable[[Any], Any]]:
        return [_writer(field) for field in self.fields]

    @cached_property
    def _readers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(field.attname, read) for field in self.fields if (read := _reader(field))]


@cache
def columns_of(model: type[Model], *names: str) -> Columns:
    """Return the columns of these fields of the model."""
    fields = [_field(model, name) for name in names]
    return Columns(fields, [quoted(field) for field in fields])


@cache
def columns_from(source: type[Model], model: type[Model], *names: str) -> Columns:
    """Return `source_key`, for the primary key of a source, and these columns of `model`."""
    columns = columns_of(model, *names)
    return Columns([primary_key(source), *columns.fields], ["source_key", *columns.names])


@cache
def columns_to_insert(model: type[Model]) -> Columns:
    """Return all columns of the model but its primary key."""
    key = primary_key(model)
    return columns_of(model, *(f.name for f in model._meta.concrete_fields if f is not key))


def primary_key(model: type[Model]) -> Field[Any, Any]:
    key = model._meta.pk
    assert key is not None  # noqa: S101  # every model has one
    return key


def quoted(field: Field[Any, Any]) -> str:
    return connection.ops.quote_name(str(field.column))


def instant(at: datetime | None) -> Any:
    """Return what the driver takes for an aware instant."""
    return connection.ops.adapt_datetimefield_value(at)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", model._meta.get_field(name))


def _document(rows: list[dict[str, Any]]) -> str:
    try:
        return orjson.dumps(rows, default=str).decode()
    except TypeError:  # a number of more than 64 bits, a key that is no text
        return json.dumps(rows, default=str)


def _writer(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """Return what turns a Python value into one for the driver.

    As Django's get_db_prep_save does for these fields; that takes a microsecond or three a value.
    """
    if isinstance(field, JSONField):
        return lambda value: None if value is None else json.dumps(value, cls=field.encoder)
    if isinstance(field, DateTimeField):
        return instant
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
