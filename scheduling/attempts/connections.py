"""Database connections of a thread, after code that may have left them in any state."""

from __future__ import annotations

import sqlite3

from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus


def tidy_connections() -> None:
    """Keep good connections of this thread, drop broken ones and those inside a transaction."""
    close_old_connections()
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or not connection.autocommit or _is_busy(connection):
            connection.close()
            del connections[connection.alias]


def _is_busy(wrapper: BaseDatabaseWrapper) -> bool:
    """Tell whether a transaction is open that Django does not know of, or nothing is."""
    driver = wrapper.connection
    if driver is None:
        return False
    if wrapper.vendor == "postgresql":
        return bool(driver.info.transaction_status != TransactionStatus.IDLE)
    try:
        return bool(driver.in_transaction)
    except sqlite3.ProgrammingError:  # the task closed the driver's own connection
        return True
