from __future__ import annotations

from django.test import Client

from scheduling.models import Run
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker
from tests.scheduling.admin.case import AdminTestCase, run_page, staff_with


class CancelTests(AdminTestCase):
    def test_ends_a_pending_run(self):
        run = make_run()

        self.client.post(run_page("cancel", run.pk))

        run.refresh_from_db()
        self.assertEqual((run.status, run.reason), ("cancelled", "Cancelled by admin."))

    def test_tells_a_running_run_to_stop(self):
        run = make_running_run(make_worker())

        answer = self.client.post(run_page("cancel", run.pk))

        run.refresh_from_db()
        self.assertIsNotNone(run.cancel_requested_at)
        self.assertEqual(self.messages_of(answer), [f"Run {run.pk} is told to stop."])

    def test_says_that_a_run_has_ended(self):
        run = make_run(status="succeeded", finished_at=NOW)

        answer = self.client.post(run_page("cancel", run.pk))

        self.assertIn("The run has ended", self.messages_of(answer)[0])

    def test_of_several_runs_ends_those_that_go_on(self):
        runs = [make_run(), make_run(), make_run(status="failed", finished_at=NOW)]

        answer = self.client.post(
            run_page("changelist"),
            {"action": "cancel_selected", "_selected_action": [run.pk for run in runs]},
        )

        self.assertEqual(Run.objects.filter(status="cancelled").count(), 2)
        self.assertEqual(len(self.messages_of(answer)), 3)


class RunAgainTests(AdminTestCase):
    def test_requests_a_run_for_the_same_time_with_the_same_parameters(self):
        ended = make_run(status="failed", finished_at=NOW, params={"text": "hi"})

        self.client.post(run_page("again", ended.pk))

        again = Run.objects.exclude(pk=ended.pk).get()
        self.assertEqual(again.scheduled_at, ended.scheduled_at)
        self.assertEqual((again.params, again.status), ({"text": "hi"}, "pending"))
        self.assertEqual((again.origin, again.requested_by), ("manual", self.admin))

    def test_says_that_the_job_was_deleted(self):
        job = make_job(key="gone")
        run = make_run(job, status="failed", finished_at=NOW)
        job.remove()

        answer = self.client.post(run_page("again", run.pk))

        self.assertIn("was deleted, so it cannot run again", self.messages_of(answer)[0])

    def test_repeats_several_runs_the_oldest_first(self):
        runs = [make_run(make_job(), status="failed", finished_at=NOW) for _ in range(2)]

        self.client.post(
            run_page("changelist"),
            {"action": "run_again_selected", "_selected_action": [run.pk for run in runs]},
        )

        again = Run.objects.filter(status="pending").order_by("id")
        self.assertEqual([run.job_id for run in again], [run.job_id for run in runs])


class RetryFailedTests(AdminTestCase):
    def test_requests_a_run_of_what_failed(self):
        retry = {"failed": ["a"], "result": {}, "retry": {"text": "a"}}
        run = make_run(status="degraded", finished_at=NOW, params={"text": "all"}, result=retry)
        self.assertContains(self.client.get(run_page("change", run.pk)), "Retry what failed")

        self.client.post(run_page("retry", run.pk))

        again = Run.objects.exclude(pk=run.pk).get()
        self.assertEqual((again.params, again.scheduled_at), ({"text": "a"}, run.scheduled_at))

    def test_a_run_that_does_not_say_what_failed_is_left_alone(self):
        run = make_run(status="degraded", finished_at=NOW, result={"failed": ["a"], "result": {}})

        answer = self.client.post(run_page("retry", run.pk))

        self.assertIn("does not say what failed", self.messages_of(answer)[0])
        self.assertNotContains(self.client.get(run_page("change", run.pk)), "Retry what failed")


class SafetyTests(AdminTestCase):
    def test_changes_nothing_by_get(self):
        run = make_run()

        for verb in ("cancel", "again", "retry"):
            self.assertEqual(self.client.get(run_page(verb, run.pk)).status_code, 405)

        run.refresh_from_db()
        self.assertEqual(run.status, "pending")

    def test_refuses_a_post_without_its_token(self):
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.admin)

        answer = client.post(run_page("cancel", make_run().pk))

        self.assertEqual(answer.status_code, 403)

    def test_needs_the_permission_to_change_runs(self):
        run = make_run()
        self.client.force_login(staff_with("view_run"))

        answer = self.client.post(run_page("cancel", run.pk))

        self.assertEqual(answer.status_code, 403)
        self.assertNotContains(self.client.get(run_page("changelist")), "cancel_selected")

    def test_staff_with_that_permission_may(self):
        run = make_run()
        self.client.force_login(staff_with("view_run", "change_run"))

        self.client.post(run_page("cancel", run.pk))

        run.refresh_from_db()
        self.assertEqual(run.status, "cancelled")

    def test_a_run_that_is_not_there_is_not_found(self):
        self.assertEqual(self.client.post(run_page("cancel", 999_999)).status_code, 404)
