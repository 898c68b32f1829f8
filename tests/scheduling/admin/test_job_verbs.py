from __future__ import annotations

from django.test import Client

from scheduling.models import Job, Run
from tests.factories import make_job, make_run
from tests.scheduling.admin.case import AdminTestCase, job_page, run_page, staff_with


class OneJobTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job(name="Echo")

    def state(self) -> str:
        self.job.refresh_from_db()
        return self.job.state

    def test_pausing_asks_for_a_reason_first(self):
        page = self.client.get(job_page("pause", self.job.pk))

        self.assertContains(page, "Pause Echo?")
        self.assertEqual(self.state(), "active")

    def test_pauses_with_the_reason(self):
        self.client.post(job_page("pause", self.job.pk), {"reason": "export is late"})

        self.assertEqual(self.state(), "paused")
        self.assertEqual(self.job.state_reason, "Paused by admin: export is late")

    def test_does_not_pause_without_a_reason(self):
        page = self.client.post(job_page("pause", self.job.pk), {"reason": " "})

        self.assertContains(page, "This field is required.")
        self.assertEqual(self.state(), "active")

    def test_resumes(self):
        self.job.pause("")

        self.client.post(job_page("resume", self.job.pk))

        self.assertEqual(self.state(), "active")

    def test_triggers_a_run_and_links_to_it(self):
        answer = self.client.post(job_page("trigger", self.job.pk))

        run = Run.objects.get()
        self.assertEqual((run.status, run.origin), ("pending", "manual"))
        self.assertEqual(run.requested_by, self.admin)
        self.assertIn(f'<a href="{run_page("change", run.pk)}">', self.messages_of(answer)[0])

    def test_says_that_the_run_was_skipped(self):
        make_run(self.job)

        answer = self.client.post(job_page("trigger", self.job.pk))

        self.assertIn("was skipped. 1 run of this job had not ended.", self.messages_of(answer)[0])

    def test_says_why_a_job_with_an_unknown_task_does_not_run(self):
        Job.objects.update(task="gone.task")

        answer = self.client.post(job_page("trigger", self.job.pk))

        self.assertIn("Unknown task", self.messages_of(answer)[0])

    def test_says_why_a_finished_job_is_not_resumed(self):
        Job.objects.update(state="finished")

        answer = self.client.post(job_page("resume", self.job.pk))

        self.assertIn("The job is finished.", self.messages_of(answer)[0])

    def test_goes_back_to_the_page_that_the_button_was_on(self):
        page = f"{job_page('changelist')}?state__exact=active"

        answer = self.client.post(job_page("trigger", self.job.pk), {"next": page})

        self.assertRedirects(answer, page)

    def test_goes_to_no_foreign_page(self):
        answer = self.client.post(
            job_page("trigger", self.job.pk), {"next": "https://evil.example/"}
        )

        self.assertRedirects(answer, job_page("change", self.job.pk))

    def test_changes_nothing_by_get(self):
        for verb in ("resume", "trigger"):
            answer = self.client.get(job_page(verb, self.job.pk))
            self.assertEqual(answer.status_code, 405)

        self.assertFalse(Run.objects.exists())

    def test_refuses_a_post_without_its_token(self):
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.admin)

        answer = client.post(job_page("trigger", self.job.pk))

        self.assertEqual(answer.status_code, 403)
        self.assertFalse(Run.objects.exists())

    def test_a_job_that_is_not_there_is_not_found(self):
        answer = self.client.post(job_page("trigger", 999_999))

        self.assertEqual(answer.status_code, 404)

    def test_needs_the_permission_to_change_jobs(self):
        self.client.force_login(staff_with("view_job"))

        for verb in ("pause", "resume", "trigger"):
            answer = self.client.post(job_page(verb, self.job.pk), {"reason": "x"})
            self.assertEqual(answer.status_code, 403)

        self.assertFalse(Run.objects.exists())


class SeveralJobsTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.jobs = [make_job(name=f"Echo {number}") for number in range(3)]

    def do(self, action: str, **data: str):
        chosen = {"action": action, "_selected_action": [job.pk for job in self.jobs]}
        return self.client.post(job_page("changelist"), {**chosen, **data})

    def states(self) -> set[str]:
        return set(Job.objects.values_list("state", flat=True))

    def test_pausing_asks_for_a_reason_and_names_the_jobs(self):
        page = self.do("pause_selected")

        self.assertContains(page, "Echo 2")
        self.assertContains(page, 'name="_selected_action"', count=3)
        self.assertEqual(self.states(), {"active"})

    def test_pauses_them_all(self):
        self.do("pause_selected", reason="maintenance")

        self.assertEqual(self.states(), {"paused"})

    def test_resumes_them_all(self):
        for job in self.jobs:
            job.pause("")

        self.do("resume_selected")

        self.assertEqual(self.states(), {"active"})

    def test_triggers_them_all(self):
        answer = self.do("trigger_selected")

        self.assertEqual(Run.objects.filter(status="pending", origin="manual").count(), 3)
        self.assertEqual(len(self.messages_of(answer)), 3)

    def test_one_that_refuses_does_not_stop_the_others(self):
        Job.objects.filter(pk=self.jobs[0].pk).update(task="gone.task")

        answer = self.do("trigger_selected")

        self.assertEqual(Run.objects.count(), 2)
        self.assertTrue(any("Echo 0: Unknown task" in one for one in self.messages_of(answer)))

    def test_tells_no_more_than_fits_a_screen(self):
        self.jobs = [make_job() for _ in range(9)]

        answer = self.do("trigger_selected")

        self.assertEqual(len(self.messages_of(answer)), 6)
        self.assertIn("4 more", self.messages_of(answer)[-1])


class RemovalTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job(key="pnl")
        self.ended = make_run(self.job, status="succeeded", finished_at=self.job.created_at)
        self.waiting = make_run(self.job)

    def test_the_page_says_that_runs_stay_and_lists_none(self):
        page = self.client.get(job_page("delete", self.job.pk))

        self.assertContains(page, "Its runs stay")
        self.assertNotContains(page, str(self.ended))

    def test_leaves_the_runs_and_cancels_what_waits(self):
        self.client.post(job_page("delete", self.job.pk), {"post": "yes"})

        self.assertFalse(Job.objects.exists())
        self.waiting.refresh_from_db()
        self.assertEqual(self.waiting.status, "cancelled")
        self.assertEqual(Run.objects.filter(job_key="pnl", job=None).count(), 2)

    def test_says_that_a_default_job_comes_back_and_what_to_do_instead(self):
        chosen = {"action": "delete_selected", "_selected_action": [self.job.pk]}
        pages = [
            lambda: self.client.get(job_page("delete", self.job.pk)),
            lambda: self.client.post(job_page("changelist"), chosen),
        ]
        for page in pages:
            self.assertNotContains(page(), "sync_jobs")

        Job.objects.update(source=Job.Source.CODE)

        for page in pages:
            self.assertContains(page(), "<code>sync_jobs</code>")
        self.assertContains(pages[0](), job_page("pause", self.job.pk))
        self.assertContains(pages[1](), "pause them instead: pnl.")

    def test_of_several_jobs_leaves_the_runs_too(self):
        chosen = {"action": "delete_selected", "_selected_action": [self.job.pk]}
        page = self.client.post(job_page("changelist"), chosen)
        self.assertContains(page, "Their runs stay")

        self.client.post(job_page("changelist"), {**chosen, "post": "yes"})

        self.assertFalse(Job.objects.exists())
        self.waiting.refresh_from_db()
        self.assertEqual(self.waiting.status, "cancelled")

    def test_needs_the_permission_to_delete_jobs(self):
        self.client.force_login(staff_with("view_job", "change_job"))

        answer = self.client.post(job_page("delete", self.job.pk), {"post": "yes"})

        self.assertEqual(answer.status_code, 403)
        self.assertTrue(Job.objects.exists())
