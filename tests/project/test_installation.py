"""The ground that the tests stand on."""

from __future__ import annotations

import os
import socket
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import TestCase, TransactionTestCase

from tests.conftest import NetworkIsOff
from tests.installation import Installation

COUNT_USERS = "from django.contrib.auth.models import User; print('users', User.objects.count())"


class DatabaseTests(TestCase):
    def test_is_the_one_that_was_chosen(self) -> None:
        scheme = os.environ["DATABASE_URL"].partition(":")[0]

        self.assertEqual(connection.vendor, scheme)


class CommittedRowsTests(TransactionTestCase):
    def test_are_seen_by_other_threads(self) -> None:
        User.objects.create(username="jack")
        seen: list[int] = []

        def count() -> None:
            seen.append(User.objects.count())
            connection.close()

        thread = Thread(target=count)
        thread.start()
        thread.join()

        self.assertEqual(seen, [1])


def test_installation_shares_the_rows_of_the_test(installation: Installation) -> None:
    User.objects.create(username="jack")

    completed = installation.manage("shell", "--verbosity", "0", "--command", COUNT_USERS)

    assert "users 1" in completed.stdout


def test_installation_ends_what_it_started(installation: Installation) -> None:
    with installation:
        program = installation.start("shell", "--command", "print('up'); input()")
        program.wait_for("up")

    assert program.poll() is not None


def test_new_installation_has_no_table(new_installation: Installation) -> None:
    completed = new_installation.manage("migrate", "--check", check=False)

    assert completed.returncode == 1


def test_network_is_off() -> None:
    with pytest.raises(NetworkIsOff):
        socket.create_connection(("192.0.2.1", 80))
