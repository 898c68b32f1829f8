from __future__ import annotations

from typing import Any

import pytest
from django.test import TestCase

from scheduling.defaults import Synced, sync_default_jobs
from scheduling.models import Job
from scheduling.registry import default_job, registry
from scheduling.triggers import TriggerSpec
from tests.factories import make_job

NIGHTLY = TriggerSpec(kind="cron", expression="0 2 * * *", timezone="Europe/Zurich")
HOURLY = TriggerSpec(kind="interval", expression="1h")


class SyncTests(TestCase):
    @pytest.fixture(autouse=True)
    def _no_other_defaults(self, monkeypatch):
        monkeypatch.setattr(registry, "default_jobs", {})

    def ship(self, key: str = "nightly", **values: Any) -> None:
        """Let the code ship the job, in place of what it shipped before."""
        job: dict[str, Any] = {"name": "Nightly", "task": "tests.echo", "trigger": NIGHTLY}
        default_job(**{**job, **values}, key=key)

    def sync(self) -> Synced:
        return sync_default_jobs()

    def job(self) -> Job:
        return Job.objects.get(key="nightly")

    def test_creates_what_is_missing(self):
        self.ship(params={"text": "hi"}, timeout_seconds=33)

        synced = self.sync()

        job = self.job()
        self.assertEqual(synced.created, ["nightly"])
        self.assertEqual(job.source, "code")
        self.assertEqual(job.trigger_spec.timezone, "Europe/Zurich")
        self.assertEqual(job.timeout_seconds, 33)
        self.assertIsNotNone(job.next_run_at)

    def test_a_job_without_its_keys_starts_paused_and_says_why(self):
        self.ship(paused=lambda: "Set MY_KEY, then resume it.")

        self.sync()

        job = self.job()
        self.assertEqual((job.state, job.next_run_at), ("paused", None))
        self.assertEqual(job.state_reason, "Paused: Set MY_KEY, then resume it.")

    def test_who_resumes_a_job_without_keys_is_not_overruled(self):
        self.ship(paused=lambda: "Set MY_KEY, then resume it.")
        self.sync()
        self.job().resume()

        self.sync()

        self.assertEqual(self.job().state, "active")

    def test_takes_the_policies_of_the_task(self):
        self.ship(task="tests.former_name", params={"amount": 1})

        self.sync()

        self.assertEqual((self.job().task, self.job().max_attempts), ("tests.typed", 3))

    def test_changes_nothing_the_second_time(self):
        self.ship(task="tests.former_name", params={"amount": 1})
        self.sync()
        before = Job.objects.values().get()

        synced = self.sync()

        self.assertEqual(synced, Synced(kept=["nightly"]))
        self.assertEqual(Job.objects.values().get(), before)

    def test_follows_the_code_where_nobody_edited(self):
        self.ship()
        self.sync()
        self.ship(name="Every night", trigger=HOURLY)

        synced = self.sync()

        self.assertEqual(synced.updated, ["nightly"])
        self.assertEqual(self.job().name, "Every night")
        self.assertEqual(self.job().trigger_spec.expression, "1h")

    def test_follows_parameters_that_are_stored_in_another_form(self):
        self.ship(task="tests.typed", params={"amount": 1})
        self.sync()
        self.ship(task="tests.typed", params={"amount": 2})

        self.sync()

        self.assertEqual(self.job().params, {"amount": "2"})

    def test_keeps_what_was_edited_and_updates_the_rest(self):
        self.ship()
        self.sync()
        job = self.job()
        job.name = "My night"
        job.put()
        self.ship(name="Every night", description="Says hello.")

        self.sync()

        self.assertEqual(self.job().name, "My night")
        self.assertEqual(self.job().description, "Says hello.")

    def test_never_mixes_an_edited_trigger_with_a_new_one(self):
        self.ship()
        self.sync()
        job = self.job()
        job.timezone = "Asia/Seoul"
        job.put()
        self.ship(trigger=HOURLY)

        synced = self.sync()

        self.assertEqual(synced.kept, ["nightly"])
        self.assertEqual(self.job().trigger_spec.expression, "0 2 * * *")
        self.assertEqual(self.job().timezone, "Asia/Seoul")

    def test_leaves_a_paused_job_paused(self):
        self.ship()
        self.sync()
        self.job().pause("Holidays")
        self.ship(trigger=HOURLY)

        self.sync()

        self.assertEqual(self.job().state, "paused")
        self.assertEqual(self.job().trigger_spec.expression, "1h")
        self.assertIsNone(self.job().next_run_at)

    def test_an_interval_keeps_its_clock(self):
        self.ship(trigger=HOURLY)
        self.sync()
        before = self.job().next_run_at

        self.sync()

        self.assertEqual(self.job().next_run_at, before)

    def test_leaves_a_job_of_a_user_with_the_same_key_alone(self):
        make_job(key="nightly", name="Mine")
        self.ship()

        synced = self.sync()

        self.assertEqual(synced.kept, ["nightly"])
        self.assertEqual(self.job().name, "Mine")

    def test_says_what_is_wrong_and_goes_on(self):
        self.ship("broken", task="tests.gone")
        self.ship("wrong", timeout_seconds=0)
        self.ship("odd", params={"times": 99})
        self.ship()

        synced = self.sync()

        self.assertEqual(synced.created, ["nightly"])
        self.assertIn("tests.gone", synced.errors["broken"])
        self.assertIn("timeout_seconds", synced.errors["wrong"])
        self.assertIn("times", synced.errors["odd"])
