"""A database that nobody can write to for a while."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from django.db import connection

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def without_writes(seconds: float) -> None:
    """Let nobody write to the tests' database for so long."""
    connection.close()
    with locked() if connection.vendor == "sqlite" else standing_by():
        time.sleep(seconds)


@contextmanager
def locked() -> Iterator[None]:
    """Hold SQLite's write lock, as a backup or a shell may."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def standing_by() -> Iterator[None]:
    """Make PostgreSQL what a standby is until it takes over: all are cut, then may only read."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        server.execute(CUT, [name])
        yield
        server.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        server.execute(CUT, [name])
