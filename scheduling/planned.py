"""Statements that PostgreSQL plans once for a connection, and not each time.

Planning takes a third of the time of a short one. A connection pooler that hands out another
connection for each transaction keeps none; Django wants DISABLE_SERVER_SIDE_CURSORS there, and
then they are sent as they are. So they are where plans turn out to be lost: see `surely`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from django.db import NotSupportedError, ProgrammingError, connection

from scheduling.sql import Statement

Answer = TypeVar("Answer")

LASTS = 500  # uses: a plan made for a small table reads all of it, also when it has grown
# How often each connection of the driver has used what it has planned: it is gone with it.
_USES: WeakKeyDictionary[Any, Counter[str]] = WeakKeyDictionary()
# Connections that lost what they had planned.
_FORGETFUL: WeakSet[Any] = WeakSet()


def planned_once(
    name: str, text: str, parameters: Sequence[Any], types: Sequence[str]
) -> Statement:
    """Return the statement, planned already where that is of use.

    name   of the statement, which is always the same text
    types  of the parameters, in PostgreSQL's words
    """
    if not _keeps_plans():
        return text, parameters
    uses = _USES.setdefault(connection.connection, Counter())
    if uses[name] % LASTS == 0:
        _plan(name, text, types, is_planned=uses[name] > 0)
    uses[name] += 1
    return f"EXECUTE {name} ({', '.join(['%s'] * len(parameters))})", parameters


def surely(send: Callable[[], Answer]) -> Answer:
    """Call `send`, which sends planned statements; once more if the plans are lost.

    After DISCARD ALL, a migration that changed a column's type, or behind a pooler that nobody
    told of. Inside a transaction, which has failed then, only the next call succeeds.
    """
    try:
        return send()
    except (ProgrammingError, NotSupportedError):
        if not _keeps_plans():
            raise
        _FORGETFUL.add(connection.connection)
        if connection.in_atomic_block:
            raise
        return send()


def _keeps_plans() -> bool:
    settings = connection.settings_dict
    if connection.vendor != "postgresql" or settings.get("DISABLE_SERVER_SIDE_CURSORS"):
        return False
    connection.ensure_connection()
    return connection.connection not in _FORGETFUL


def _plan(name: str, text: str, types: Sequence[str], *, is_planned: bool) -> None:
    parts = text.split("%s")
    numbered = "".join(f"{part}${place}" for place, part in enumerate(parts[:-1], 1)) + parts[-1]
    forgetting = f"DEALLOCATE {name}; " if is_planned else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{forgetting}PREPARE {name} ({', '.join(types)}) AS {numbered}")
