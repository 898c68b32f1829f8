"""Decimals that survive both databases to the last digit.

SQLite has no decimal type: what Django's DecimalField stores there becomes a float, and 15
significant digits are left. 1508213014.60514045 coins, an ordinary amount, have 18.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from django import forms
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import lookups
from django.db.models.sql.compiler import SQLCompiler

MAX_DIGITS = 38
DECIMAL_PLACES = 18
LIMIT = Decimal(10) ** (MAX_DIGITS - DECIMAL_PLACES)  # what is stored is smaller, by magnitude
ZERO = Decimal(0)


def rounded(number: Decimal) -> Decimal:
    """Return `number` as the database keeps it."""
    return number.quantize(Decimal(1).scaleb(-DECIMAL_PLACES), context=Context(prec=MAX_DIGITS))


class UnpaddedDecimalField(forms.DecimalField):
    """Shows 0.05 as it was typed, and not with all the zeros of the database behind it."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal) or not value.is_finite():
            return value
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class ExactDecimalField(models.DecimalField[Any, Any]):
    """A Decimal of 20 digits before the point and 18 after it: numeric, or text on SQLite.

    Filters and constraints compare numbers on both databases (on SQLite as floats: exact up to
    15 digits). SQLite orders it as text and sums it as float, so order by a Cast to FloatField
    and sum in Python.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("max_digits", MAX_DIGITS)
        options.setdefault("decimal_places", DECIMAL_PLACES)
        super().__init__(*args, **options)

    def get_internal_type(self) -> str:
        # Under the name DecimalField, SQLite's backend would read the text as a float. PostgreSQL's
        # must know the name, or bulk_create sends each value apart and not each column as an array.
        return "ExactDecimalField" if connection.vendor == "sqlite" else "DecimalField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        if connection.vendor == "sqlite":
            return "text"
        return f"numeric({self.max_digits}, {self.decimal_places})"

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**({"form_class": UnpaddedDecimalField} | options))

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        """Return `value` rounded to the places of the field, alike on both databases.

        Raise decimal.InvalidOperation if it has too many digits.
        """
        number = value if prepared else self.get_prep_value(value)
        if number is None:
            return None
        unit = Decimal(1).scaleb(-self.decimal_places)
        rounded = number.quantize(unit, context=self.context)
        # -0 and 0 are one number; as texts they would be two.
        rounded = rounded if rounded else abs(rounded)
        return f"{rounded:f}" if connection.vendor == "sqlite" else rounded

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        if isinstance(value, float):
            raise TypeError("SQLite adds exact decimals as floats. Sum them in Python.")
        return None if value is None else Decimal(value)


class _ComparedAsNumber(lookups.BuiltinLookup):
    """Compare numbers, not texts."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        comparison = self.get_rhs_op(connection, f"CAST({right} AS REAL)")
        return f"CAST({left} AS REAL) {comparison}", (*left_params, *right_params)


@ExactDecimalField.register_lookup
class ExactGreaterThan(_ComparedAsNumber, lookups.GreaterThan):
    lookup_name = "gt"


@ExactDecimalField.register_lookup
class ExactGreaterThanOrEqual(_ComparedAsNumber, lookups.GreaterThanOrEqual):
    lookup_name = "gte"


@ExactDecimalField.register_lookup
class ExactLessThan(_ComparedAsNumber, lookups.LessThan):
    lookup_name = "lt"


@ExactDecimalField.register_lookup
class ExactLessThanOrEqual(_ComparedAsNumber, lookups.LessThanOrEqual):
    lookup_name = "lte"
