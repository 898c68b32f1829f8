from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from django.db import connection, transaction
from django.test import TransactionTestCase

from scheduling.attempts.connections import tidy_connections
from scheduling.models import Job
from tests.factories import make_job


def close() -> None:
    connection.close()


def close_under_django() -> None:
    connection.ensure_connection()
    connection.connection.close()


def begin_by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
    Job.objects.update(name="Renamed")


def turn_off_autocommit() -> None:
    transaction.set_autocommit(False)
    Job.objects.update(name="Renamed")


def open_atomic() -> None:
    transaction.atomic().__enter__()
    Job.objects.update(name="Renamed")


class TidyConnectionsTests(TransactionTestCase):
    def test_the_next_run_finds_a_connection_that_works(self) -> None:
        for leave in (
            close,
            close_under_django,
            begin_by_hand,
            turn_off_autocommit,
            open_atomic,
        ):
            with self.subTest(leave=leave.__name__):
                job = make_job(name="As it was")

                self.assertEqual(found_after(leave, job), ["As it was"])


def found_after(leave: Callable[[], None], job: Job) -> list[str]:
    """Return the name of the job as it is read in a thread that something was left behind in."""
    found: list[str] = []

    def run() -> None:
        leave()
        tidy_connections()
        found.append(Job.objects.get(pk=job.pk).name)
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(20)
    return found
