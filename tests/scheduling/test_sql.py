from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.test import TestCase

from scheduling.attempts.settling import write_outcomes
from scheduling.batches import insertion
from scheduling.models import Run
from scheduling.sql import places, rows_of, together
from tests.factories import NOW, claimed, make_job, make_outcome, make_running_run, make_worker


class SqlTests(TestCase):
    def test_together_gives_the_rows_of_each_statement(self) -> None:
        answers = together(("SELECT %s + 1", [1]), ("SELECT 'a%%' WHERE 1 = %s", [2]))

        assert answers == [[(2,)], []]

    def test_a_later_statement_sees_what_an_earlier_one_wrote(self) -> None:
        job = make_job()
        run = Run.of(job, scheduled_at=NOW, origin="manual")
        count = "SELECT count(*) FROM scheduling_run WHERE job_id = %s"

        with transaction.atomic():
            _, counted = together(insertion([run]), (count, [job.pk]))

        assert counted == [(1,)]

    def test_places_gives_one_for_each_value(self) -> None:
        text = f"SELECT count(*) FROM scheduling_job WHERE id IN ({places([1, 2, 3])})"

        assert rows_of((text, [1, 2, 3])) == [(0,)]


class InsertionTests(TestCase):
    def test_writes_what_the_orm_would_and_gives_rising_keys(self) -> None:
        for count in (1, 3):
            with self.subTest(count=count):
                job = make_job(params={"text": "é\"'%s"}, retry_lost=True)
                runs = [
                    Run.of(job, scheduled_at=NOW + timedelta(seconds=n), due_at=NOW, origin="api")
                    for n in range(count)
                ]

                keys = [key for (key,) in together(insertion(runs))[0]]

                for key, run in zip(sorted(keys), runs, strict=True):
                    run.pk = key
                names = [field.attname for field in Run._meta.concrete_fields]
                assert list(Run.objects.filter(pk__in=keys).order_by("pk").values(*names)) == [
                    {name: getattr(run, name) for name in names} for run in runs
                ]


class DocumentTests(TestCase):
    def test_numbers_of_more_than_64_bits_are_kept(self) -> None:
        run = make_running_run(make_worker())

        write_outcomes([make_outcome(claimed(run), result={"wei": 10**30})])

        assert Run.objects.get(pk=run.pk).result == {"wei": 10**30}
