from __future__ import annotations

from scheduling.models import Job, Run
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker
from tests.scheduling.api.case import ApiTestCase


class DeleteTests(ApiTestCase):
    def test_cancels_a_pending_run(self):
        run = make_run(make_job(owner=self.alice))

        response = self.api.delete(f"/api/runs/{run.pk}")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data["status"], "cancelled")
        self.assertEqual(response.data["reason"], "Cancelled by alice.")

    def test_a_running_run_is_a_conflict_and_runs_on(self):
        run = make_running_run(make_worker(), make_job(owner=self.alice))

        response = self.api.delete(f"/api/runs/{run.pk}")

        self.assertEqual(response.status_code, 409)
        self.assertEqual(response.data["code"], "not_cancellable")
        self.assertIn(f"/api/runs/{run.pk}/cancel", response.data["detail"])
        run.refresh_from_db()
        self.assertIsNone(run.cancel_requested_at)

    def test_a_run_that_has_ended_is_a_conflict(self):
        run = make_run(make_job(owner=self.alice), status="succeeded", finished_at=NOW)

        for response in (
            self.api.delete(f"/api/runs/{run.pk}"),
            self.api.post(f"/api/runs/{run.pk}/cancel"),
        ):
            self.assertEqual(response.status_code, 409)
            self.assertEqual(response.data["detail"], "The run has ended: it is Succeeded.")


class CancelTests(ApiTestCase):
    def test_asks_a_running_run_to_stop(self):
        run = make_running_run(make_worker(), make_job(owner=self.alice))

        response = self.api.post(f"/api/runs/{run.pk}/cancel")

        self.assertEqual(response.status_code, 202)
        self.assertEqual(response.data["status"], "running")
        self.assertIsNotNone(response.data["cancel_requested_at"])

    def test_cancels_a_pending_run_at_once(self):
        run = make_run(make_job(owner=self.alice))

        data = self.api.post(f"/api/runs/{run.pk}/cancel").data

        self.assertEqual(data["status"], "cancelled")


class RunAgainTests(ApiTestCase):
    def make_old_run(self) -> Run:
        job = make_job(key="nightly", owner=self.alice)
        return make_run(job, status="failed", finished_at=NOW, params={"text": "once"})

    def test_requests_the_same_again(self):
        run = self.make_old_run()

        response = self.api.post(f"/api/runs/{run.pk}/run_again")

        self.assertEqual(response.status_code, 202)
        again = Run.objects.get(pk=response.data["id"])
        self.assertEqual(response["Location"], f"/api/runs/{again.pk}")
        self.assertEqual(again.scheduled_at, run.scheduled_at)
        self.assertEqual(again.params, {"text": "once"})
        self.assertEqual(again.origin, "api")
        self.assertEqual(again.requested_by, self.alice)

    def test_a_deleted_job_is_a_conflict(self):
        run = self.make_old_run()
        Job.objects.get().remove()

        response = self.api.post(f"/api/runs/{run.pk}/run_again")

        self.assertEqual(response.status_code, 409)
        self.assertIn("deleted", response.data["detail"])

    def test_a_job_that_has_another_task_by_now_is_a_conflict(self):
        run = self.make_old_run()
        Job.objects.update(task="tests.talk")

        response = self.api.post(f"/api/runs/{run.pk}/run_again")

        self.assertEqual(response.status_code, 409)
        self.assertIn("another task by now: tests.talk", response.data["detail"])

    def test_a_task_that_is_called_otherwise_by_now_is_the_same(self):
        job = make_job(task="tests.typed", params={"amount": "1"}, owner=self.alice)
        run = make_run(job, status="failed", finished_at=NOW)
        Run.objects.update(task="tests.former_name")

        self.assertEqual(self.api.post(f"/api/runs/{run.pk}/run_again").status_code, 202)

    def test_a_job_that_was_given_away_is_steered_by_its_new_owner_only(self):
        run = self.make_old_run()
        Job.objects.update(owner=self.bob)

        response = self.api.post(f"/api/runs/{run.pk}/run_again")

        self.assertEqual(response.status_code, 403)
        self.assertEqual(Run.objects.count(), 1)


class RetryFailedTests(ApiTestCase):
    def test_requests_what_failed_for_the_same_instant(self):
        job = make_job(key="nightly", owner=self.alice)
        result = {"result": {}, "failed": ["b"], "retry": {"text": "b"}}
        run = make_run(job, status="degraded", finished_at=NOW, result=result)

        response = self.api.post(f"/api/runs/{run.pk}/retry_failed")

        self.assertEqual(response.status_code, 202)
        again = Run.objects.get(pk=response.data["id"])
        self.assertEqual((again.params, again.scheduled_at), ({"text": "b"}, run.scheduled_at))

    def test_a_run_that_failed_as_a_whole_is_a_conflict(self):
        run = make_run(make_job(owner=self.alice), status="failed", finished_at=NOW)

        response = self.api.post(f"/api/runs/{run.pk}/retry_failed")

        self.assertEqual(response.status_code, 409)
        self.assertIn("does not say what failed", response.data["detail"])
