"""Statements that PostgreSQL plans once for a connection, and not each time.

Planning takes a third of the time of a short one. A connection pooler that hands out another
connection for each transaction keeps none; Django wants DISABLE_SERVER_SIDE_CURSORS there, and
then they are sent as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

from scheduling.sql import Statement

# What each connection of the driver has planned: it is gone with it.
_PLANNED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def planned_once(
    name: str, text: str, parameters: Sequence[Any], types: Sequence[str]
) -> Statement:
    """Return the statement, planned already where that is of use.

    name   of the statement, which is always the same text
    types  of the parameters, in PostgreSQL's words
    """
    if connection.vendor != "postgresql" or _has_pooler():
        return text, parameters
    connection.ensure_connection()
    planned = _PLANNED.setdefault(connection.connection, set())
    if name not in planned:
        _plan(name, text, types)
        planned.add(name)
    return f"EXECUTE {name} ({', '.join(['%s'] * len(parameters))})", parameters


def _has_pooler() -> bool:
    return bool(connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))


def _plan(name: str, text: str, types: Sequence[str]) -> None:
    parts = text.split("%s")
    numbered = "".join(f"{part}${place}" for place, part in enumerate(parts[:-1], 1)) + parts[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} ({', '.join(types)}) AS {numbered}")
