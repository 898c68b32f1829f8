from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test import TestCase
from knox.models import AuthToken
from rest_framework.test import APIClient

from scheduling.models import Job
from scheduling.registry import default_job, registry
from scheduling.triggers import TriggerSpec
from tests.factories import make_job, make_run, make_user, make_worker


def run_command(*args: str) -> str:
    output = StringIO()
    call_command(*args, stdout=output, stderr=StringIO())
    return output.getvalue()


class HealthTests(TestCase):
    def test_a_scheduler_that_ticks_is_well(self):
        now = datetime.now(UTC)
        make_worker(heartbeat_at=now, last_tick_at=now)
        make_job()

        self.assertEqual(run_command("health"), "The scheduler is well. Jobs: 1\n")

    def test_one_that_is_not_well_ends_with_an_error(self):
        with self.assertRaisesMessage(CommandError, "RUN_SCHEDULER != 1") as caught:
            run_command("health")

        self.assertEqual(caught.exception.returncode, 1)

    def test_details_are_told_although_it_is_not_well(self):
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        make_worker(heartbeat_at=an_hour_ago, last_tick_at=an_hour_ago, name="host:7")
        make_run(make_job(key="nightly"))
        output = StringIO()

        with self.assertRaisesMessage(CommandError, "has not looked for due jobs"):
            call_command("health", "--detailed", stdout=output)

        self.assertIn("host:7", output.getvalue())
        self.assertRegex(output.getvalue(), r"nightly +pending")

    def test_jobs_are_told_where_no_scheduler_runs(self):
        make_job(key="nightly")
        output = StringIO()

        with self.assertRaisesMessage(CommandError, "RUN_SCHEDULER != 1"):
            call_command("health", "--detailed", stdout=output)

        self.assertIn("nightly", output.getvalue())

    def test_a_database_that_does_not_answer_is_said(self):
        def refuse(*args: object) -> None:
            raise OperationalError("gone fishing")

        with (
            connection.execute_wrapper(refuse),
            self.assertRaisesMessage(CommandError, "gone fishing"),
        ):
            run_command("health")


class SyncJobsTests(TestCase):
    @pytest.fixture(autouse=True)
    def _one_default(self, monkeypatch):
        monkeypatch.setattr(registry, "default_jobs", {})
        every_hour = TriggerSpec(kind="interval", expression="1h")
        default_job(key="hourly", name="Hourly", task="tests.echo", trigger=every_hour)

    def test_says_what_it_did(self):
        self.assertEqual(run_command("sync_jobs"), "Created: hourly\n")
        self.assertEqual(run_command("sync_jobs"), "Kept: hourly\n")
        self.assertTrue(Job.objects.filter(key="hourly", source="code").exists())

    def test_ends_with_an_error_if_a_job_cannot_be_written(self):
        default_job(
            key="broken", name="Broken", task="tests.gone",
            trigger=TriggerSpec(kind="interval", expression="1h"),
        )  # fmt: skip

        with self.assertRaisesMessage(CommandError, "broken: Unknown task"):
            run_command("sync_jobs")

        self.assertTrue(Job.objects.filter(key="hourly").exists())


class CreateApiTokenTests(TestCase):
    def test_prints_a_token_that_works_and_keeps_only_its_hash(self):
        make_user("alice")

        token = run_command("create_api_token", "alice", "--days", "30").strip()

        client = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
        self.assertEqual(client.get("/api/jobs").status_code, 200)
        row = AuthToken.objects.get()
        self.assertNotIn(token, [str(value) for value in vars(row).values()])
        self.assertAlmostEqual(
            row.expiry, datetime.now(UTC) + timedelta(days=30), delta=timedelta(minutes=1)
        )

    def test_refuses_what_makes_no_sense(self):
        make_user("alice")
        make_user("gone", is_active=False)
        wrong = [
            (["alise"], "Did you mean 'alice'?"),
            (["gone"], "not active"),
            (["alice", "--days", "0"], "--days"),
            (["alice", "--days", "99999999999"], "--days"),
        ]

        for args, said in wrong:
            with self.assertRaisesMessage(CommandError, said):
                run_command("create_api_token", *args)
        self.assertFalse(AuthToken.objects.exists())
