"""Several queries that see one state of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def at_one_instant() -> Iterator[None]:
    """Let all queries inside see the database as the first one does. They must not write.

    Nobody waits for it: on SQLite too, where `atomic` would take the lock of the writer.
    """
    if connection.in_atomic_block:
        yield  # in a test
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
