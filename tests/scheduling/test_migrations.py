"""Migrations that move what is there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection

from scheduling.models import DayTally
from tests.factories import make_job, make_run
from tests.scheduling.test_statistics import StatisticsTestCase
from tests.scheduling.test_tallies import make_ended_run

fill = import_module("scheduling.migrations.0005_fill_day_tallies").fill


class FillDayTalliesTests(StatisticsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job()
        for status in ("succeeded", "succeeded", "failed"):
            make_ended_run(self.job, status=status)
        make_run(self.job, status="missed", finished_at=self.now)
        self.open = make_run(self.job)
        gone = make_job(owner=self.staff)
        make_ended_run(gone, status="lost")
        gone.remove()
        self.catch_up()

    def rows(self) -> list[Any]:
        return sorted(DayTally.objects.values_list(*self.names()))

    def names(self) -> list[str]:
        return [field.name for field in DayTally._meta.concrete_fields if field.name != "id"]

    def test_days_are_as_if_they_had_always_been_counted(self):
        before = self.rows()
        self.open.cancel(now=self.now)  # it is among those left out
        DayTally.objects.all().delete()

        fill(apps, connection.schema_editor())

        self.assertEqual(self.rows(), before)
        self.assertTrue(before)
