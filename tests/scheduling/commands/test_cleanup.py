from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase, override_settings

from scheduling.models import Run
from tests.factories import make_job, make_run


def run_command(*args: str) -> str:
    output = StringIO()
    call_command("cleanup", *args, stdout=output)
    return output.getvalue()


class CleanupTests(TestCase):
    def setUp(self) -> None:
        job = make_job()
        for days in (40, 20, 0):
            at = datetime.now(UTC) - timedelta(days=days)
            make_run(job, scheduled_at=at, status="succeeded", started_at=at, finished_at=at)

    def test_it_deletes_what_the_settings_do_not_keep(self):
        self.assertRegex(run_command(), r"Deleted:\n(.*\n)*  runs +1\n")
        self.assertEqual(Run.objects.count(), 2)

    def test_a_dry_run_only_counts(self):
        self.assertRegex(run_command("--dry-run"), r"Would delete:\n(.*\n)*  runs +1\n")
        self.assertEqual(Run.objects.count(), 3)

    def test_options_override_the_settings(self):
        run_command("--run-days", "10")

        self.assertEqual(Run.objects.count(), 1)

    @override_settings(CLEANUP_RUNS_PER_JOB=2)
    def test_the_settings_limit_the_runs_of_a_job(self):
        run_command("--run-days", "100")

        self.assertEqual(Run.objects.count(), 2)

    def test_a_limit_below_one_is_refused(self):
        with self.assertRaisesMessage(CommandError, "--run-days must be from 1 to 36500."):
            run_command("--run-days", "0")
