"""A PostgreSQL that says nothing any more holds nobody up for long."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db.backends.postgresql.base import DatabaseWrapper

from tests.installation import Installation
from tests.project.test_environment import read_settings

WELCOME = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"  # "you are in", "ready for a query"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server on the loopback that accepts and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def url(server: socket.socket, query: str = "") -> str:
    return f"postgres://jack:secret@127.0.0.1:{server.getsockname()[1]}/daybook{query}"


def connection_params(database_url: str) -> dict[str, Any]:
    """Return what Django passes to the driver."""
    config = {"TIME_ZONE": None} | read_settings(DATABASE_URL=database_url)["DATABASES"]["default"]
    params = DatabaseWrapper(config).get_connection_params()
    return {
        name: value for name, value in params.items() if name not in ("context", "cursor_factory")
    }


@pytest.mark.any_database
def test_a_database_that_never_answers_is_given_up(
    new_installation: Installation, server: socket.socket
) -> None:
    short = url(server, "?connect_timeout=2")  # s; libpq knows no shorter one

    ended = new_installation.manage("list_jobs", check=False, timeout=30, DATABASE_URL=short)

    assert ended.returncode == 1
    assert "connection timeout expired" in ended.stderr


def test_who_asks_for_no_time_waits_five_seconds(server: socket.socket) -> None:
    assert connection_params(url(server))["connect_timeout"] == 5
    assert connection_params(url(server, "?connect_timeout=2"))["connect_timeout"] == 2


def test_an_open_connection_asks_whether_its_host_lives(server: socket.socket) -> None:
    Thread(target=welcome, args=[server], daemon=True).start()
    query = "?sslmode=disable&gssencmode=disable&keepalives_count=4"

    with (
        psycopg.connect(**connection_params(url(server, query))) as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as tcp,
    ):
        keeps_alive = tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        times = [tcp.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names]

    assert (keeps_alive, times) == (1, [10, 5, 4, 20_000])


def welcome(server: socket.socket) -> None:
    """Let one client in, and hear what it says until it goes."""
    client, _ = server.accept()
    with closing(client):
        client.recv(1024)
        client.sendall(WELCOME)
        while client.recv(1024):
            pass
