from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from unittest import skipUnless
from unittest.mock import patch

from django.db import connection, transaction
from django.test import TransactionTestCase

from scheduling import tallies
from scheduling.day_tallies import figures_by_day
from scheduling.models import DayTally, Run
from scheduling.retention.cleaning import clean_up
from scheduling.retention.expiry import Limits
from scheduling.statistics import read_statistics
from scheduling.tallies import MARGIN, count_before_deletion, move_mark
from tests.factories import NOW, make_job, make_run, make_running_run, make_user, make_worker
from tests.scheduling.test_tallies import MarkedTestCase, make_ended_run

TODAY, YESTERDAY = NOW.date(), NOW.date() - timedelta(days=1)
A_DAY = timedelta(days=1)


class StatisticsTestCase(MarkedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.staff = make_user(is_staff=True)

    def read(self, **values: Any) -> Any:
        return read_statistics(values.pop("user", self.staff), now=NOW, **values)

    def counts(self, **values: Any) -> dict[date, dict[str, int]]:
        days = self.read(**values).by_day.items()
        return {day: dict(sums.by_status) for day, sums in days if sums.runs}


class SumsTests(StatisticsTestCase):
    def test_every_day_is_there_also_those_without_runs(self):
        statistics = self.read(days=7)

        self.assertEqual(len(statistics.by_day), 7)
        self.assertEqual(min(statistics.by_day), TODAY - timedelta(days=6))
        self.assertEqual(list(statistics.by_day)[-1], TODAY)
        self.assertEqual(statistics.total.runs, 0)
        self.assertIsNone(statistics.total.success_rate)
        self.assertIsNone(statistics.total.average_duration)

    def test_a_run_counts_on_the_utc_day_that_it_stands_for(self):
        midnight = NOW.replace(hour=0)
        make_ended_run(make_job(), scheduled_at=midnight)
        make_ended_run(make_job(), scheduled_at=midnight - timedelta(microseconds=1))
        make_ended_run(make_job(), scheduled_at=NOW - timedelta(days=30))
        expected = {YESTERDAY: {"succeeded": 1}, TODAY: {"succeeded": 1}}

        self.assertEqual(self.counts(), expected)
        self.catch_up()
        self.assertEqual(self.counts(), expected)

    def test_durations_and_lateness_are_those_of_runs_that_started(self):
        job = make_job()
        make_ended_run(job, took=2, late=0.5)
        make_ended_run(job, took=4, late=1.5, status="failed")
        make_run(job, status="missed", finished_at=NOW)

        for _ in range(2):
            total = self.read().total
            self.assertEqual((total.runs, total.started), (3, 2))
            self.assertAlmostEqual(total.average_duration.total_seconds(), 3, places=2)
            self.assertAlmostEqual(total.longest_duration.total_seconds(), 4, places=2)
            self.assertAlmostEqual(total.average_lateness.total_seconds(), 1, places=2)
            self.assertAlmostEqual(total.longest_lateness.total_seconds(), 1.5, places=2)
            self.catch_up()

    def test_the_rate_is_of_runs_that_returned_or_failed(self):
        job = make_job()
        for status in ("succeeded", "succeeded", "degraded", "failed", "cancelled", "skipped"):
            make_ended_run(job, status=status)

        self.assertEqual(self.read().total.success_rate, 0.75)

    def test_a_retry_counts_when_the_run_has_ended(self):
        run = make_running_run(make_worker(), make_job())
        self.catch_up()
        Run.objects.filter(pk=run.pk).update(status="pending", attempt=1)
        self.catch_up()
        self.assertEqual(self.counts(), {})

        ended = {"status": "succeeded", "attempt": 2, "finished_at": NOW}
        Run.objects.filter(pk=run.pk).update(**ended)

        self.assertEqual(self.counts(), {TODAY: {"succeeded": 1}})
        self.catch_up()
        self.assertEqual(self.counts(), {TODAY: {"succeeded": 1}})


class PlanTests(StatisticsTestCase):
    @skipUnless(connection.vendor == "sqlite", "PostgreSQL knows how many rows there are")
    def test_sqlite_reads_no_more_runs_than_are_meant(self):
        plan = figures_by_day(Run.objects.filter(pk__gt=10**6)).explain()

        self.assertIn("USING INTEGER PRIMARY KEY (rowid>?)", plan)


class VisibilityTests(StatisticsTestCase):
    def test_a_user_sees_the_runs_that_the_list_of_runs_shows(self):
        alice, bob = make_user(), make_user()
        job = make_job(owner=alice)
        make_ended_run(job)
        job.owner = bob
        job.save()
        make_ended_run(job, status="failed")
        make_ended_run(make_job())

        for _ in range(2):
            self.assertEqual(self.counts(user=alice), {TODAY: {"succeeded": 1}})
            self.assertEqual(self.counts(user=bob, job=job), {TODAY: {"failed": 1}})
            self.assertEqual(self.counts(job=job), {TODAY: {"succeeded": 1, "failed": 1}})
            self.assertEqual(self.counts(), {TODAY: {"succeeded": 2, "failed": 1}})
            self.catch_up()

    def test_what_a_deleted_job_did_counts_among_all(self):
        job = make_job()
        make_ended_run(job)
        self.catch_up()
        make_ended_run(job)

        job.remove()

        for _ in range(2):
            self.assertEqual(self.counts(), {TODAY: {"succeeded": 2}})
            self.catch_up()


class KeepingTests(StatisticsTestCase):
    def test_runs_that_are_deleted_stay_counted(self):
        job = make_job()
        runs = [make_ended_run(job, scheduled_at=NOW - A_DAY)]
        self.catch_up()
        runs.append(make_ended_run(job, scheduled_at=NOW - A_DAY, status="failed"))

        ids = [run.pk for run in runs]
        with transaction.atomic():
            count_before_deletion(ids)
            Run.objects.filter(pk__in=ids).delete()

        expected = {YESTERDAY: {"succeeded": 1, "failed": 1}}
        self.assertEqual((self.counts(), self.counts(job=job)), (expected, expected))

    def test_the_clean_up_forgets_days_that_nobody_can_ask_for(self):
        make_ended_run(make_job(), scheduled_at=NOW - 101 * A_DAY)
        make_ended_run(make_job(), scheduled_at=NOW - 89 * A_DAY)
        self.catch_up()

        clean_up(Limits.of_settings(), now=NOW)

        self.assertEqual(
            set(DayTally.objects.values_list("day", flat=True)), {(NOW - 89 * A_DAY).date()}
        )


class RacesTests(TransactionTestCase):
    def test_several_schedulers_count_each_run_once_while_others_delete(self):
        job = make_job()
        ids = [make_ended_run(job).pk for _ in range(40)]
        staff = make_user(is_staff=True)
        move_mark(NOW)

        def count(turn: int) -> None:
            move_mark(NOW + MARGIN)
            if turn % 3 == 0:
                with transaction.atomic():
                    count_before_deletion(ids[turn : turn + 3])
                    Run.objects.filter(pk__in=ids[turn : turn + 3]).delete()
            connection.close()

        with patch.object(tallies, "MOST_RUNS", 4), ThreadPoolExecutor(4) as threads:
            list(threads.map(count, range(12)))

        for scope in (None, job):
            total = read_statistics(staff, now=NOW, job=scope).total
            self.assertEqual(dict(total.by_status), {"succeeded": 40})
