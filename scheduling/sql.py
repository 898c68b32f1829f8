"""Statements written out: those that run so often that the ORM, building them, would show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

Statement = tuple[str, Sequence[Any]]  # its text and its parameters
Row = tuple[Any, ...]


def places(values: Iterable[object]) -> str:
    """Return a placeholder for each of the values; NULL, which is equal to nothing, for none."""
    return ", ".join("%s" for _ in values) or "NULL"


def row_lock(strength: str) -> str:
    """Return the end of a SELECT that locks its rows; SQLite's transactions lock all anyway."""
    return f" FOR {strength}" if connection.features.has_select_for_update else ""


def rows_of(statement: Statement) -> list[Row]:
    """Execute it and return its rows."""
    return together(statement)[0]


def together(*statements: Statement) -> list[list[Row]]:
    """Execute them one after the other, and return the rows of each; on PostgreSQL all have rows.

    That takes them in one round trip, and each sees what was committed before it began.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return [_executed(cursor, statement) for statement in statements]
        text = "; ".join(text for text, _ in statements)
        parameters = [value for _, values in statements for value in values]
        answers = [_executed(cursor, (text, parameters))]
        while cursor.nextset():
            answers.append(list(cursor.fetchall()))
    return answers


def transaction_of(*statements: Statement) -> list[list[Row]]:
    """Execute them together in a transaction of their own, or in that of the caller."""
    if connection.vendor == "postgresql":  # one message is one transaction
        return together(*statements)
    with transaction.atomic():
        return together(*statements)


def _executed(cursor: Any, statement: Statement) -> list[Row]:
    cursor.execute(*statement)
    return list(cursor.fetchall())
