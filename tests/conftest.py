from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import TransactionTestCase

from tests.emptying import replace_flush
from tests.installation import Installation, new_database

# pytest-django refuses a database to tests without any of these.
DATABASE_FIXTURES = {"db", "django_db_setup", "live_server", "new_installation", "transactional_db"}


class NetworkIsOff(Exception):
    """A test called the outside world. Use a recorded answer."""


def pytest_configure() -> None:
    replace_flush()
    if connection.vendor == "sqlite":
        # A file: threads and processes share it, as they do in an installation.
        connections.settings["default"]["TEST"]["NAME"] = str(settings.DATA_DIR / "test.sqlite3")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what touches no database: the pass on SQLite shows it."""
    if connection.vendor == "postgresql":
        left_out = [item for item in items if not touches_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if touches_database(item)]


def touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("any_database"):
        return False
    cls = getattr(item, "cls", None)
    if cls and issubclass(cls, TransactionTestCase):
        return True
    fixtures = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures or item.get_closest_marker("django_db"))


@pytest.fixture(autouse=True, scope="session")
def _network_is_off() -> Iterator[None]:
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX:
            refuse_outside(address[0])
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_outside(host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


def refuse_outside(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        outside = not ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        outside = True
    if outside:
        raise NetworkIsOff(f"{NetworkIsOff.__doc__} It called {name}.")


@pytest.fixture
def installation(transactional_db: None, tmp_path: Path) -> Iterator[Installation]:
    """Processes of a whole Daybook, on the database that the test itself uses."""
    with Installation.on_test_database(tmp_path) as installation:
        yield installation


@pytest.fixture
def new_installation(tmp_path: Path) -> Iterator[Installation]:
    """Processes of a Daybook that was never set up: a database without a table."""
    with new_database(tmp_path) as url, Installation(tmp_path, url) as installation:
        yield installation
