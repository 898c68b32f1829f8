from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from scheduling.models import Run
from tests.factories import NOW, make_job, make_run, make_user
from tests.scheduling.admin.case import AdminTestCase, job_page, run_page


class JobListTests(AdminTestCase):
    def test_shows_a_job_in_plain_words(self):
        make_job(
            key="pnl", name="P&L", trigger_expression="*/15 7-23 * * *", timezone="Europe/Zurich"
        )

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, "P&amp;L")
        self.assertContains(page, "pnl")
        self.assertContains(page, "Every 15 minutes, between 07:00 and 23:59")

    @time_machine.travel(NOW, tick=False)
    def test_shows_the_next_run_on_the_clock_of_the_job(self):
        make_job(trigger_expression="30 14 * * *", timezone="Europe/Zurich")

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, "Mon 2 Mar, 14:30")
        self.assertContains(page, "<small>Europe/Zurich</small>")
        self.assertContains(page, "in 1 h 30 min · 2026-03-02 13:30:00 UTC")

    def test_shows_why_a_job_is_paused(self):
        make_job().pause("waiting for the export", by=self.admin)

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, "Paused by admin: waiting for the export")

    def test_says_that_a_job_is_overdue(self):
        with time_machine.travel(NOW):
            make_job()

        with time_machine.travel(NOW + timedelta(hours=1)):
            page = self.client.get(job_page("changelist"))

        self.assertContains(page, "Overdue")

    def test_shows_a_trigger_that_cannot_be_read_as_it_stands(self):
        job = make_job()
        type(job).objects.update(trigger_expression="every blue moon")

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, "cron: every blue moon")

    def test_a_button_in_the_row_posts(self):
        job = make_job()

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, f'form="db-steer" formaction="{job_page("trigger", job.pk)}"')
        self.assertContains(page, '<form id="db-steer" method="post" hidden>')


class LastRunsTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job()

    def run_ended(self, status: str, seconds: int) -> Run:
        ended = {"started_at": NOW, "finished_at": NOW + timedelta(seconds=seconds)}
        return make_run(self.job, status=status, attempt=1, **ended)

    def test_are_links_with_the_newest_on_the_right(self):
        old = self.run_ended("failed", 1)
        new = self.run_ended("succeeded", 1)

        html = self.client.get(job_page("changelist")).content.decode()

        self.assertLess(html.index(run_page("change", old.pk)), html.index(
            run_page("change", new.pk)
        ))  # fmt: skip
        self.assertIn("Failed · Mon 2 Mar", html)

    def test_are_twelve_at_the_most(self):
        runs = [self.run_ended("succeeded", 1) for _ in range(13)]

        page = self.client.get(job_page("changelist"))

        self.assertNotContains(page, f'"{run_page("change", runs[0].pk)}"')
        self.assertContains(page, "db-bar", count=12)

    def test_give_the_average_duration(self):
        self.run_ended("succeeded", 10)
        self.run_ended("failed", 20)
        make_run(self.job, status="missed", finished_at=NOW)

        page = self.client.get(job_page("changelist"))

        self.assertContains(page, "15 s")


class FilterTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice = make_user("alice")
        make_job(key="quiet", owner=self.alice).pause("", now=timezone.now())
        make_job(key="busy", task="tests.talk", source="code")

    def keys(self, query: str) -> list[str]:
        page = self.client.get(f"{job_page('changelist')}?{query}")
        return [job.key for job in page.context["cl"].result_list]

    def test_by_state(self):
        self.assertEqual(self.keys("state__exact=paused"), ["quiet"])

    def test_by_task(self):
        self.assertEqual(self.keys("task=tests.talk"), ["busy"])

    def test_by_owner(self):
        self.assertEqual(self.keys(f"owner__id__exact={self.alice.pk}"), ["quiet"])

    def test_by_source(self):
        self.assertEqual(self.keys("source__exact=code"), ["busy"])

    def test_by_words(self):
        self.assertEqual(self.keys("q=usy"), ["busy"])
