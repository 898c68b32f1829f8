from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import TestCase, TransactionTestCase

from scheduling.defaults import sync_default_jobs
from scheduling.engine.inline import run_here
from scheduling.models import Job, Run
from tests.factories import make_job, make_run


def make_old_runs() -> None:
    job = make_job()
    for days in (40, 0):
        at = datetime.now(UTC) - timedelta(days=days)
        make_run(job, scheduled_at=at, status="succeeded", started_at=at, finished_at=at)


class CleanupJobTests(TestCase):
    def test_it_is_a_default_job_at_three_in_the_morning(self):
        sync_default_jobs()

        job = Job.objects.get(key="cleanup_old_data")
        self.assertEqual((job.trigger_kind, job.trigger_expression), ("cron", "0 3 * * *"))
        self.assertTrue(job.retry_lost)


class CleanupTaskTests(TransactionTestCase):
    def run_job(self, **params) -> Run:
        sync_default_jobs()
        return run_here(Job.objects.get(key="cleanup_old_data").trigger(params=params))

    def test_it_deletes_what_the_settings_do_not_keep(self):
        make_old_runs()

        run = self.run_job()

        self.assertEqual((run.status, run.result["deleted"]["runs"]), ("succeeded", 1))
        self.assertEqual(Run.objects.exclude(pk=run.pk).count(), 1)

    def test_parameters_of_the_job_override_the_settings(self):
        make_old_runs()

        run = self.run_job(run_days=50)

        self.assertEqual(run.result["deleted"]["runs"], 0)

    def test_a_dry_run_only_counts(self):
        make_old_runs()

        run = self.run_job(dry_run=True)

        self.assertEqual(run.result["would_delete"]["runs"], 1)
        self.assertEqual(Run.objects.exclude(pk=run.pk).count(), 2)
