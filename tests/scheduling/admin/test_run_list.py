from __future__ import annotations

from datetime import timedelta

import time_machine

from scheduling.models import Run
from tests.factories import NOW, make_job, make_run
from tests.scheduling.admin.case import AdminTestCase, job_page, run_page, staff_with


class RunListTests(AdminTestCase):
    @time_machine.travel(NOW + timedelta(hours=1), tick=False)
    def test_shows_when_a_run_was_on_the_clock_of_its_job(self):
        job = make_job(key="pnl", timezone="Asia/Seoul")
        make_run(
            job, status="succeeded", attempt=1, scheduled_at=NOW,
            started_at=NOW + timedelta(seconds=2), finished_at=NOW + timedelta(seconds=7),
        )  # fmt: skip

        page = self.client.get(run_page("changelist"))

        self.assertContains(page, f'<a href="{job_page("change", job.pk)}"')
        self.assertContains(page, "Mon 2 Mar, 21:00")
        self.assertContains(page, "<small>Asia/Seoul</small>")
        self.assertContains(page, "<small>2.0 s later</small>")
        self.assertContains(page, "5.0 s")

    def test_shows_the_first_line_of_an_error(self):
        make_run(status="failed", finished_at=NOW, error="no such file\nat all")

        page = self.client.get(run_page("changelist"))

        self.assertContains(page, ">no such file</span>")

    def test_shows_why_a_run_was_skipped(self):
        make_run(status="skipped", finished_at=NOW, reason="1 run had not ended.")

        page = self.client.get(run_page("changelist"))

        self.assertContains(page, "1 run had not ended.")

    def test_shows_runs_of_a_deleted_job_in_utc(self):
        job = make_job(key="gone", timezone="Asia/Seoul")
        make_run(job, status="succeeded", finished_at=NOW, scheduled_at=NOW)
        job.remove()

        page = self.client.get(run_page("changelist"))

        self.assertContains(page, "<small>deleted</small>")
        self.assertContains(page, "<small>UTC</small>")

    def test_escapes_what_tasks_wrote(self):
        make_run(status="failed", finished_at=NOW, error="<script>alert(1)</script>")

        page = self.client.get(run_page("changelist"))

        self.assertNotContains(page, "<script>alert")

    def test_nobody_adds_changes_or_deletes_a_run(self):
        run = make_run()

        for name, args in (("add", []), ("delete", [run.pk])):
            answer = self.client.post(run_page(name, *args), {"post": "yes"})
            self.assertEqual(answer.status_code, 403)

        self.assertTrue(Run.objects.filter(pk=run.pk).exists())

    def test_is_for_staff_who_may_view_runs(self):
        for staff, status in ((staff_with("view_run"), 200), (staff_with("view_job"), 403)):
            self.client.force_login(staff)
            answer = self.client.get(run_page("changelist"))
            self.assertEqual(answer.status_code, status)


class FilterTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job(key="pnl")
        day = timedelta(days=1)
        self.old = make_run(self.job, scheduled_at=NOW - day, status="failed", finished_at=NOW)
        self.new = make_run(make_job(key="report"), scheduled_at=NOW, origin="api")

    def found(self, **query: str) -> list[Run]:
        page = self.client.get(run_page("changelist"), query)
        return list(page.context["cl"].result_list)

    def test_by_status(self):
        self.assertEqual(self.found(status__exact="failed"), [self.old])

    def test_by_origin(self):
        self.assertEqual(self.found(origin__exact="api"), [self.new])

    def test_by_job(self):
        self.assertEqual(self.found(job__id__exact=str(self.job.pk)), [self.old])

    def test_by_time(self):
        span = {"scheduled_at_from_0": "2026-03-01", "scheduled_at_from_1": "12:00:01"}

        self.assertEqual(self.found(**span), [self.new])

    def test_by_days_as_a_whole(self):
        span = {"scheduled_at_from_0": "2026-03-01", "scheduled_at_to_0": "2026-03-01"}

        self.assertEqual(self.found(**span), [self.old])

    def test_by_a_time_that_is_none(self):
        self.assertEqual(self.found(scheduled_at_from_0="soon"), [self.new, self.old])

    def test_by_the_key_of_the_job(self):
        self.assertEqual(self.found(q="epor"), [self.new])

    def test_by_number(self):
        self.assertEqual(self.found(q=str(self.old.pk)), [self.old])

    def test_by_a_number_beyond_all_numbers(self):
        self.assertEqual(self.found(q="9" * 30), [])

    def test_newest_first(self):
        self.assertEqual(self.found(), [self.new, self.old])

    def test_offers_jobs_by_autocomplete(self):
        page = self.client.get(
            "/admin/autocomplete/",
            {"app_label": "scheduling", "model_name": "run", "field_name": "job", "term": "pn"},
        )

        self.assertEqual([row["id"] for row in page.json()["results"]], [str(self.job.pk)])
