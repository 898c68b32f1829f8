"""What the job form fetches while one types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from scheduling.models import Job
from tests.factories import NOW, make_job
from tests.scheduling.admin.case import AdminTestCase, job_page, staff_with

TRIGGER = {
    "trigger_kind": "cron",
    "trigger_expression": "30 2 * * *",
    "timezone": "Europe/Zurich",
    "start_at": "",
    "end_at": "",
    "jitter_seconds": "",
}


class PreviewTests(AdminTestCase):
    def preview(self, **trigger: Any) -> str:
        answer = self.client.get(job_page("preview"), {**TRIGGER, **trigger})
        self.assertEqual(answer.status_code, 200)
        return answer.content.decode()

    @time_machine.travel(NOW, tick=False)
    def test_shows_ten_times_on_the_clock_of_the_zone(self):
        html = self.preview()

        self.assertIn("At 02:30, Europe/Zurich time", html)
        self.assertEqual(html.count("<li"), 10)
        self.assertIn("Tue 3 Mar, 02:30", html)
        self.assertIn("CET", html)

    @time_machine.travel(datetime(2026, 3, 27, 12, tzinfo=UTC), tick=False)
    def test_marks_a_time_that_the_change_of_clocks_skips(self):
        html = self.preview()

        self.assertIn('data-mark="gap"', html)
        self.assertIn("02:30 does not exist on 29 March", html)

    @time_machine.travel(datetime(2026, 10, 24, 12, tzinfo=UTC), tick=False)
    def test_marks_a_time_that_exists_twice(self):
        html = self.preview()

        self.assertIn('data-mark="fold"', html)
        self.assertIn("02:30 exists twice on 25 October", html)

    @time_machine.travel(datetime(2026, 3, 27, 12, tzinfo=UTC), tick=False)
    def test_marks_the_day_on_which_the_clocks_change(self):
        html = self.preview(trigger_expression="0 12 * * *")

        self.assertEqual(html.count('data-mark="offset_change"'), 1)

    def test_says_what_is_wrong(self):
        html = self.preview(trigger_expression="61 2 * * *")

        self.assertIn("db-error", html)
        self.assertIn("61", html)

    def test_says_that_nothing_would_ever_fire(self):
        html = self.preview(end_at="2020-01-01T00:00")

        self.assertIn("nothing would ever fire", html)

    def test_waits_for_an_expression(self):
        self.assertIn("Write an expression", self.preview(trigger_expression=" "))

    def test_survives_a_query_without_fields(self):
        answer = self.client.get(job_page("preview"))

        self.assertContains(answer, "Write an expression")

    def test_escapes_what_was_typed(self):
        html = self.preview(trigger_expression="<script>alert(1)</script>")

        self.assertNotIn("<script>", html)

    def test_names_the_jitter(self):
        self.assertIn("up to 60 s later", self.preview(jitter_seconds="60"))

    def test_an_interval_goes_on_from_where_the_job_counts(self):
        with time_machine.travel(NOW):
            job = make_job(trigger_kind="interval", trigger_expression="7h", timezone="UTC")

        with time_machine.travel(NOW + timedelta(hours=2)):
            html = self.preview(
                job=job.pk, trigger_kind="interval", trigger_expression="7h", timezone="UTC"
            )

        self.assertIn("Mon 2 Mar, 19:00", html)

    def test_is_not_for_strangers(self):
        self.client.force_login(staff_with())

        self.assertEqual(self.client.get(job_page("preview"), TRIGGER).status_code, 404)

    def test_reads_no_row_for_a_new_trigger(self):
        # 1. session  2. user
        with self.assertNumQueries(2):
            self.preview()


class ParametersTests(AdminTestCase):
    def fields(self, task: str, **query: Any) -> str:
        answer = self.client.get(job_page("parameters"), {"task": task, **query})
        self.assertEqual(answer.status_code, 200)
        return answer.content.decode()

    def test_have_a_field_each(self):
        html = self.fields("tests.typed")

        for name in ("amount", "mode", "symbols", "limit", "dry_run"):
            self.assertIn(f'name="params-{name}"', html)

    def test_come_with_the_policies_of_the_task(self):
        html = self.fields("tests.typed")

        self.assertIn('data-timeout="300" data-attempts="3" data-backoff="7"', html)

    def test_show_what_the_job_has(self):
        job = make_job(params={"text": "hi"})

        self.assertIn('value="hi"', self.fields("tests.echo", job=job.pk))

    def test_of_another_task_do_not_show_what_the_job_has(self):
        job = make_job(params={"text": "hi"})

        self.assertNotIn('value="hi"', self.fields("tests.fail", job=job.pk))

    def test_of_an_unknown_task_are_shown_as_they_stand(self):
        job = make_job(params={"text": "hi"})
        Job.objects.update(task="gone.task")

        self.assertIn("text = hi", self.fields("gone.task", job=job.pk))

    def test_of_no_task_ask_for_one(self):
        self.assertIn("Select a task", self.fields(""))
