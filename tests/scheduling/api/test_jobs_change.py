from __future__ import annotations

from django_apscheduler.models import DjangoJob

from scheduling.models import Job, Run
from tests.factories import make_job, make_run
from tests.scheduling.api.case import ApiTestCase, job_body


class PutTests(ApiTestCase):
    def test_what_was_read_can_be_written_back(self):
        make_job(key="nightly", owner=self.alice, description="Old.", max_attempts=4)
        read = self.api.get("/api/jobs/nightly").data

        response = self.api.put("/api/jobs/nightly", read)

        self.assertEqual(response.status_code, 200)
        self.assertEqual({**response.data, "updated_at": ""}, {**read, "updated_at": ""})

    def test_a_job_of_an_unknown_task_may_be_read_changed_and_written_back(self):
        make_job(key="nightly", owner=self.alice)
        Job.objects.update(task="gone.task", state="broken")
        read = self.api.get("/api/jobs/nightly").data

        patched = self.api.patch("/api/jobs/nightly", {"description": "Whose?"})
        put = self.api.put("/api/jobs/nightly", {**read, "name": "Nobody's"})

        self.assertEqual((patched.status_code, put.status_code), (200, 200))
        self.assertEqual(patched.data["description"], "Whose?")
        self.assertEqual((put.data["name"], put.data["state"]), ("Nobody's", "broken"))

    def test_puts_back_to_default_what_is_left_out(self):
        make_job(
            key="nightly", owner=self.alice, description="Old.", max_attempts=4, coalesce=False
        )

        data = self.api.put("/api/jobs/nightly", job_body()).data

        self.assertEqual(data["description"], "")
        self.assertEqual(data["max_attempts"], 1)
        self.assertIs(data["coalesce"], True)
        self.assertEqual(data["owner"], "alice")

    def test_a_missing_key_is_not_created(self):
        response = self.api.put("/api/jobs/nightly", job_body())

        self.assertEqual(response.status_code, 404)
        self.assertFalse(Job.objects.exists())

    def test_the_key_cannot_be_changed(self):
        make_job(key="nightly", owner=self.alice)

        for method in (self.api.put, self.api.patch):
            response = method("/api/jobs/nightly", job_body(key="daily"))
            self.assertEqual(response.status_code, 400)
            self.assertEqual(response.data["key"], ["The key of a job cannot be changed."])


class PatchTests(ApiTestCase):
    def test_changes_only_what_it_names(self):
        make_job(key="nightly", owner=self.alice, description="Old.", timeout_seconds=77)

        data = self.api.patch("/api/jobs/nightly", {"name": "New"}).data

        self.assertEqual(data["name"], "New")
        self.assertEqual(data["description"], "Old.")
        self.assertEqual(data["timeout_seconds"], 77)

    def test_changes_a_part_of_the_trigger(self):
        make_job(key="nightly", owner=self.alice, timezone="Europe/Zurich")

        data = self.api.patch("/api/jobs/nightly", {"trigger": {"expression": "0 5 * * *"}}).data

        self.assertEqual(data["trigger"]["expression"], "0 5 * * *")
        self.assertEqual(data["trigger"]["timezone"], "Europe/Zurich")

    def test_moves_the_clock_with_the_trigger(self):
        job = make_job(key="nightly", owner=self.alice)
        before = job.next_run_at

        self.api.patch(
            "/api/jobs/nightly", {"trigger": {"kind": "date", "expression": "2099-01-01T00:00"}}
        )

        self.assertNotEqual(DjangoJob.objects.get(id="nightly").next_run_time, before)

    def test_leaves_a_paused_job_paused(self):
        make_job(key="nightly", owner=self.alice).pause("Holidays")

        data = self.api.patch("/api/jobs/nightly", {"name": "New"}).data

        self.assertEqual(data["state"], "paused")

    def test_an_error_changes_nothing(self):
        make_job(key="nightly", owner=self.alice, name="Old")

        response = self.api.patch("/api/jobs/nightly", {"name": "New", "timeout_seconds": -1})

        self.assertEqual(response.status_code, 400)
        self.assertEqual(Job.objects.get(key="nightly").name, "Old")

    def test_the_state_is_changed_by_its_verbs_only(self):
        make_job(key="nightly", owner=self.alice)

        response = self.api.patch("/api/jobs/nightly", {"state": "paused"})

        self.assertEqual(response.status_code, 400)
        self.assertIn("/pause", response.data["state"][0])


class DeleteTests(ApiTestCase):
    def test_deletes_the_job_and_keeps_its_runs(self):
        job = make_job(key="nightly", owner=self.alice)
        run = make_run(job, status=Run.Status.SUCCEEDED, finished_at=job.created_at)

        response = self.api.delete("/api/jobs/nightly")

        self.assertEqual(response.status_code, 204)
        self.assertEqual(self.api.get("/api/jobs/nightly").status_code, 404)
        self.assertEqual(self.api.get(f"/api/runs/{run.pk}").data["job"], "nightly")
        self.assertEqual(self.api.get("/api/runs?job=nightly").data["count"], 1)
