"""Database connections of a thread, after code that may have left them in any state."""

from __future__ import annotations

from django.db import close_old_connections, connections


def tidy_connections() -> None:
    """Keep good connections of this thread, drop broken ones and those inside a transaction."""
    close_old_connections()
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or not connection.autocommit:
            connection.close()
            del connections[connection.alias]
