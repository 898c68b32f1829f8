from __future__ import annotations

import time
from datetime import UTC, datetime

from scheduling.models import Job, Run
from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase


class PauseTests(ApiTestCase):
    def test_pauses_with_who_and_why(self):
        make_job(key="nightly", owner=self.alice)

        response = self.api.post("/api/jobs/nightly/pause", {"reason": "Broker is down"})

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data["state"], "paused")
        self.assertEqual(response.data["state_reason"], "Paused by alice: Broker is down")
        self.assertIsNone(response.data["next_run_at"])

    def test_needs_a_reason(self):
        make_job(key="nightly", owner=self.alice)

        reasons = ({"reason": reason} for reason in ("", " ", "\t\n", "\u200b \u2060", None, 5))
        for body in ({}, *reasons):
            response = self.api.post("/api/jobs/nightly/pause", body)
            self.assertEqual(response.status_code, 400)
            self.assertEqual(len(response.data["reason"]), 1)
        self.assertEqual(Job.objects.get().state, "active")

    def test_a_finished_job_is_a_conflict(self):
        job = make_job(key="nightly", owner=self.alice)
        Job.objects.filter(pk=job.pk).update(state=Job.State.FINISHED)

        for verb in ("pause", "resume"):
            response = self.api.post(f"/api/jobs/nightly/{verb}", {"reason": "x"})
            self.assertEqual(response.status_code, 409)
            self.assertEqual(response.data["code"], "conflict")
            self.assertIn("finished", response.data["detail"])


class ResumeTests(ApiTestCase):
    def test_fires_again(self):
        make_job(key="nightly", owner=self.alice).pause("Holidays")

        response = self.api.post("/api/jobs/nightly/resume")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data["state"], "active")
        self.assertIsNone(response.data["state_reason"])
        self.assertIsNotNone(response.data["next_run_at"])

    def test_a_job_that_cannot_run_is_a_conflict(self):
        job = make_job(key="nightly", owner=self.alice)
        job.pause("Holidays")
        Job.objects.filter(pk=job.pk).update(task="tests.gone")

        response = self.api.post("/api/jobs/nightly/resume")

        self.assertEqual(response.status_code, 409)
        self.assertIn("tests.gone", response.data["detail"])


class TriggerTests(ApiTestCase):
    def test_answers_with_a_run_that_waits_for_a_worker(self):
        make_job(key="nightly", owner=self.alice, params={"text": "hi", "times": 2})

        response = self.api.post("/api/jobs/nightly/trigger")

        self.assertEqual(response.status_code, 202)
        run = Run.objects.get()
        self.assertEqual(response["Location"], f"/api/runs/{run.pk}")
        self.assertEqual(response.data["id"], run.pk)
        self.assertEqual(response.data["job"], "nightly")
        self.assertEqual(response.data["status"], "pending")
        self.assertEqual(response.data["origin"], "api")
        self.assertEqual(response.data["requested_by"], "alice")
        self.assertEqual(response.data["params"], {"text": "hi", "times": 2})

    def test_takes_other_parameters_for_one_run(self):
        make_job(key="nightly", owner=self.alice, params={"text": "hi", "times": 2})

        data = self.api.post("/api/jobs/nightly/trigger", {"params": {"times": 3}}).data

        self.assertEqual(data["params"], {"text": "hi", "times": 3})
        self.assertEqual(Job.objects.get().params, {"text": "hi", "times": 2})

    def test_takes_the_instant_to_compute_for(self):
        make_job(key="nightly", owner=self.alice)
        body = {"scheduled_at": "2025-10-02T14:30:00+02:00"}

        data = self.api.post("/api/jobs/nightly/trigger", body).data

        self.assertEqual(data["scheduled_at"], "2025-10-02T12:30:00Z")
        self.assertEqual(Run.objects.get().scheduled_at, datetime(2025, 10, 2, 12, 30, tzinfo=UTC))

    def test_refuses_what_is_wrong_by_name(self):
        make_job(key="nightly", owner=self.alice)
        wrong = [
            ({"params": {"times": 99}}, "params"),
            ({"params": "times=3"}, "params"),
            ({"scheduled_at": "2025-10-02T14:30:00"}, "scheduled_at"),
            ({"scheduled_at": "tomorrow"}, "scheduled_at"),
            ({"param": {}}, "param"),
        ]

        for body, field in wrong:
            response = self.api.post("/api/jobs/nightly/trigger", body)
            self.assertEqual(response.status_code, 400, body)
            self.assertIn(field, response.data)
        self.assertFalse(Run.objects.exists())

    def test_says_what_is_wrong_with_a_parameter(self):
        make_job(key="nightly", owner=self.alice)

        data = self.api.post("/api/jobs/nightly/trigger", {"params": {"times": "many"}}).data

        self.assertIn("integer", data["params"]["times"][0])
        self.assertEqual(data["code"], "invalid")

    def test_takes_no_text_for_a_number(self):
        make_job(key="nightly", owner=self.alice)

        response = self.api.post("/api/jobs/nightly/trigger", {"params": {"times": "3"}})

        self.assertEqual((response.status_code, list(response.data["params"])), (400, ["times"]))

    def test_says_when_an_earlier_run_has_not_ended(self):
        make_job(key="nightly", owner=self.alice)
        self.api.post("/api/jobs/nightly/trigger")

        response = self.api.post("/api/jobs/nightly/trigger")

        self.assertEqual(response.status_code, 202)
        self.assertEqual(response.data["status"], "skipped")
        self.assertIn("had not ended", response.data["reason"])

    def test_a_job_of_an_unknown_task_is_a_conflict(self):
        job = make_job(key="nightly", owner=self.alice)
        Job.objects.filter(pk=job.pk).update(task="tests.gone")

        self.assertEqual(self.api.post("/api/jobs/nightly/trigger").status_code, 409)

    def test_answers_within_100_ms(self):
        make_job(key="nightly", owner=self.alice, overlap="queue", task="tests.sleep")
        self.api.post("/api/jobs/nightly/trigger")

        took = []
        for _ in range(5):
            start = time.perf_counter()
            self.api.post("/api/jobs/nightly/trigger", {"params": {"seconds": 5}})
            took.append(time.perf_counter() - start)

        self.assertLess(sorted(took)[2], 0.1)
