from __future__ import annotations

from contextlib import suppress
from unittest.mock import patch

from django.db import ProgrammingError, connection, transaction
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext

from scheduling.models import Run
from scheduling.planned import planned_once
from scheduling.sql import rows_of
from tests.factories import make_job


def twice(number: int) -> int:
    text = "SELECT 2 * CAST(%s AS integer)"
    doubled: int = rows_of(planned_once("twice", text, [number], ["int"]))[0][0]
    return doubled


class PlannedOnceTests(TransactionTestCase):
    def test_it_answers_each_time_what_it_was_asked(self) -> None:
        assert [twice(number) for number in range(10)] == list(range(0, 20, 2))

    def test_only_the_first_time_of_a_connection_has_a_statement_more(self) -> None:
        extra = 1 if connection.vendor == "postgresql" else 0
        connection.close()
        for expected in (1 + extra, 1):
            with CaptureQueriesContext(connection) as queries:
                twice(1)
            assert len(queries) == expected

    def test_it_outlives_its_connection_and_a_transaction_that_is_undone(self) -> None:
        connection.close()
        with transaction.atomic():
            twice(1)
            transaction.set_rollback(True)

        assert twice(2) == 4
        connection.close()
        assert twice(3) == 6

    def test_it_is_planned_anew_now_and_then_as_tables_grow(self) -> None:
        connection.close()
        with patch("scheduling.planned.LASTS", 3), CaptureQueriesContext(connection) as queries:
            assert [twice(number) for number in range(4)] == [0, 2, 4, 6]

        planned = sum("PREPARE" in query["sql"] for query in queries)
        assert planned == (2 if connection.vendor == "postgresql" else 0)

    def test_behind_a_pooler_nothing_is_kept(self) -> None:
        connection.close()
        with (
            patch.dict(connection.settings_dict, DISABLE_SERVER_SIDE_CURSORS=True),
            CaptureQueriesContext(connection) as queries,
        ):
            make_job(overlap="allow", max_instances=2).trigger()

        assert Run.objects.get().status == "pending"
        assert not any("EXECUTE" in query["sql"] for query in queries)


def lose_plans() -> None:
    """Do to the connection what poolers do, and what a migration of a column's type comes to."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DISCARD ALL")


class LostPlansTests(TransactionTestCase):
    def test_a_trigger_does_without(self) -> None:
        job = make_job(overlap="allow", max_instances=9)
        job.trigger()
        lose_plans()

        job.trigger()
        job.trigger()

        assert Run.objects.filter(status="pending").count() == 3

    def test_in_a_transaction_that_failed_for_it_the_next_one_does(self) -> None:
        job = make_job(overlap="allow", max_instances=9)
        job.trigger()
        lose_plans()

        with suppress(ProgrammingError), transaction.atomic():
            job.trigger()
        with transaction.atomic():
            job.trigger()

        expected = 2 if connection.vendor == "postgresql" else 3
        assert Run.objects.filter(status="pending").count() == expected


class TriggerTests(TestCase):
    def test_a_trigger_takes_one_message_on_postgresql(self) -> None:
        job = make_job(overlap="allow", max_instances=9)
        job.trigger()

        with CaptureQueriesContext(connection) as queries:
            job.trigger()

        sent = [query for query in queries if "SAVEPOINT" not in query["sql"]]
        assert len(sent) == (1 if connection.vendor == "postgresql" else 3)
