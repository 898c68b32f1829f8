from __future__ import annotations

from datetime import UTC, datetime

from django.test import override_settings

from scheduling.models import Job
from tests.factories import NOW, make_job
from tests.scheduling.admin.case import JOB_FORM, AdminTestCase, job_page, staff_with


class JobFormTestCase(AdminTestCase):
    def add(self, **fields: str):
        return self.client.post(job_page("add"), {**JOB_FORM, **fields})

    def change(self, job: Job, **fields: str):
        stored = {**JOB_FORM, "name": job.name, "task": job.task, "timezone": job.timezone}
        stored["trigger_expression"] = job.trigger_expression
        return self.client.post(job_page("change", job.pk), {**stored, **fields})

    def errors_of(self, page) -> dict[str, list[str]]:
        return dict(page.context["adminform"].form.errors)


class AddTests(JobFormTestCase):
    def test_saves_the_job_and_sets_its_clock(self):
        self.add()

        job = Job.objects.get(key="pnl")
        self.assertEqual(job.params, {})
        self.assertIsNotNone(job.next_run_at)

    def test_offers_the_person_as_owner_and_the_zone_of_the_installation(self):
        with override_settings(TIME_ZONE="Asia/Seoul"):
            page = self.client.get(job_page("add"))

        initial = page.context["adminform"].form.initial
        self.assertEqual((initial["owner"], initial["timezone"]), (self.admin.pk, "Asia/Seoul"))

    def test_takes_the_policies_of_the_task(self):
        self.add(task="tests.typed", **{"params-amount": "1"})

        job = Job.objects.get()
        policies = (job.timeout_seconds, job.max_attempts, job.backoff_seconds, job.retry_lost)
        self.assertEqual(policies, (300, 3, 7, True))

    def test_takes_the_policies_that_were_typed(self):
        self.add(task="tests.typed", **{"params-amount": "1"}, timeout_seconds="9",
                 max_attempts="1", backoff_seconds="0", retry_lost="False")  # fmt: skip

        job = Job.objects.get()
        policies = (job.timeout_seconds, job.max_attempts, job.backoff_seconds, job.retry_lost)
        self.assertEqual(policies, (9, 1, 0, False))

    def test_reads_the_bounds_on_the_clock_of_the_job(self):
        self.add(start_at="2030-01-01T08:00", end_at="2030-07-01T08:00:30")

        job = Job.objects.get()
        self.assertEqual(job.start_at, datetime(2030, 1, 1, 7, tzinfo=UTC))
        self.assertEqual(job.end_at, datetime(2030, 7, 1, 6, 0, 30, tzinfo=UTC))

    def test_works_for_staff_who_may_add_jobs(self):
        staff = staff_with("add_job", "view_job")
        self.client.force_login(staff)

        self.add(owner=str(staff.pk))

        self.assertEqual(Job.objects.get().owner, staff)


class ErrorTests(JobFormTestCase):
    def assert_error(self, field: str, text: str, **fields: str) -> None:
        page = self.add(**fields)
        errors = self.errors_of(page)
        self.assertEqual(list(errors), [field])
        self.assertEqual(len(errors[field]), 1)
        self.assertIn(text, errors[field][0])
        self.assertFalse(Job.objects.exists())

    def test_key(self):
        self.assert_error("key", "Use lower-case letters", key="My Job")

    def test_expression(self):
        self.assert_error("trigger_expression", "61", trigger_expression="61 * * * *")

    def test_missing_expression(self):
        self.assert_error("trigger_expression", "required", trigger_expression="")

    def test_date_in_the_past(self):
        self.assert_error(
            "trigger_expression", "in the past", trigger_kind="date",
            trigger_expression="2020-01-01T00:00",
        )  # fmt: skip

    def test_zone(self):
        self.assert_error("timezone", "Did you mean Europe/Zurich?", timezone="Europe/Zurigo")

    def test_end_in_the_past(self):
        self.assert_error("end_at", "in the past", end_at="2020-01-01T00:00")

    def test_end_that_is_no_time(self):
        self.assert_error("end_at", "Write a date and a time", end_at="tomorrow")

    def test_negative_jitter(self):
        self.assert_error("jitter_seconds", "greater than or equal to 0", jitter_seconds="-1")

    def test_no_task(self):
        self.assert_error("task", "required", task="")

    def test_task_that_is_not_there(self):
        self.assert_error("task", "not one of the available choices", task="gone.task")

    def test_zero_timeout(self):
        self.assert_error("timeout_seconds", "greater than or equal to 1", timeout_seconds="0")

    def test_policies_that_contradict_each_other(self):
        self.assert_error("max_instances", "needs overlap queue or allow", max_instances="2")

    def test_the_preview_says_what_is_wrong_without_javascript(self):
        page = self.add(trigger_expression="61 * * * *")

        panel = page.content.decode().partition('id="db-preview"')[2]
        self.assertIn("61", panel.partition("</div>")[0])

    def test_the_preview_stands_on_the_page_without_javascript(self):
        page = self.add(key="My Job")

        self.assertContains(page, "Every 15 minutes, between 07:00 and 23:59")
        self.assertContains(page, "On the clock of Europe/Zurich.")


class ChangeTests(JobFormTestCase):
    def test_keeps_the_key(self):
        job = make_job(key="pnl")

        self.change(job, key="other", name="Renamed")

        job.refresh_from_db()
        self.assertEqual((job.key, job.name), ("pnl", "Renamed"))

    def test_an_unchanged_trigger_keeps_its_next_fire_time(self):
        job = make_job(trigger_kind="interval", trigger_expression="7h")
        due_at = job.next_run_at

        self.change(job, trigger_kind="interval", name="Renamed")

        job = Job.objects.get()
        self.assertEqual((job.name, job.next_run_at), ("Renamed", due_at))

    def test_a_bound_that_was_not_touched_keeps_its_microseconds(self):
        end_at = datetime(2030, 1, 1, 7, 0, 0, 123, tzinfo=UTC)
        job = make_job(end_at=end_at, timezone="Europe/Zurich")

        self.change(job, end_at="2030-01-01T08:00:00")

        job.refresh_from_db()
        self.assertEqual(job.end_at, end_at)

    def test_shows_the_bounds_on_the_clock_of_the_job(self):
        job = make_job(end_at=datetime(2030, 1, 1, 7, tzinfo=UTC), timezone="Europe/Zurich")

        page = self.client.get(job_page("change", job.pk))

        self.assertContains(page, 'value="2030-01-01T08:00:00"')

    def test_a_paused_job_stays_paused(self):
        job = make_job()
        job.pause("holidays")

        self.change(job, name="Renamed")

        job.refresh_from_db()
        self.assertEqual((job.name, job.state), ("Renamed", "paused"))

    def test_shows_a_task_under_its_name_of_today(self):
        job = make_job(task="tests.typed", params={"amount": "1"})
        Job.objects.update(task="tests.former_name")

        page = self.client.get(job_page("change", job.pk))

        self.assertContains(page, '<option value="tests.typed" selected>')
        self.assertContains(page, 'name="params-amount" value="1"')

    def test_another_task_starts_without_the_parameters_of_the_former(self):
        job = make_job(params={"text": "hi", "times": 2})

        self.change(job, task="tests.fail", **{"params-message": "no"})

        job.refresh_from_db()
        self.assertEqual((job.task, job.params), ("tests.fail", {"message": "no"}))

    def test_those_who_may_only_look_change_nothing(self):
        job = make_job(name="Echo")
        self.client.force_login(staff_with("view_job"))

        page = self.client.get(job_page("change", job.pk))
        answer = self.change(job, name="Renamed")

        self.assertContains(page, "Echo")
        self.assertNotContains(page, "Trigger a run now")
        self.assertEqual(answer.status_code, 403)

    def test_those_who_may_only_look_see_times_on_the_clock_of_the_job(self):
        job = make_job(end_at=datetime(2030, 1, 1, 7, tzinfo=UTC), timezone="Europe/Zurich")
        self.client.force_login(staff_with("view_job"))

        page = self.client.get(job_page("change", job.pk))

        self.assertContains(page, "Tue 1 Jan 2030, 08:00")

    def test_shows_the_last_runs(self):
        job = make_job()
        run = job.trigger(now=NOW)

        page = self.client.get(job_page("change", job.pk))

        self.assertContains(page, "All runs of this job")
        self.assertContains(page, f">{run.pk}</a>")


class TwoPeopleTests(JobFormTestCase):
    """One opened the form of a job; something happens to it before he saves."""

    def setUp(self) -> None:
        super().setUp()
        self.job = make_job(name="Echo", params={"text": "hi"})
        page = self.client.get(job_page("change", self.job.pk))
        self.version = page.context["adminform"].form["version"].value()

    def save(self):
        return self.change(self.job, name="Mine", version=self.version, **{"params-text": "hi"})

    def test_the_page_carries_what_the_form_was_opened_on(self):
        page = self.client.get(job_page("change", self.job.pk))

        self.assertContains(page, f'<input type="hidden" name="version" value="{self.version}"')

    def test_an_edit_meanwhile_is_not_overwritten(self):
        self.job.description = "Theirs"
        self.job.put()

        page = self.save()

        self.assertIn("Somebody changed this job", self.errors_of(page)["__all__"][0])
        self.assertContains(page, "Somebody changed this job")
        self.assertContains(page, 'value="Mine"')
        self.job.refresh_from_db()
        self.assertEqual((self.job.name, self.job.description), ("Echo", "Theirs"))

    def test_a_pause_meanwhile_is_no_edit(self):
        self.job.pause("holidays")

        self.save()

        self.job.refresh_from_db()
        self.assertEqual((self.job.name, self.job.state), ("Mine", "paused"))

    def test_nothing_meanwhile_is_saved(self):
        self.save()

        self.job.refresh_from_db()
        self.assertEqual(self.job.name, "Mine")


class BrokenJobTests(JobFormTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.job = make_job(params={"text": "kept"})
        Job.objects.update(task="gone.task", state="broken")

    def test_opens_and_says_what_is_wrong(self):
        page = self.client.get(job_page("change", self.job.pk))

        self.assertContains(page, "Unknown task &#x27;gone.task&#x27;: no installed app has it.")
        self.assertContains(page, "gone.task (unknown task)")

    def test_shows_its_parameters_read_only(self):
        page = self.client.get(job_page("change", self.job.pk))

        self.assertContains(page, "text = kept")
        self.assertNotContains(page, 'name="params-text"')

    def test_may_be_described_and_stays_broken(self):
        self.change(self.job, task="gone.task", description="Whose task was this?")

        self.job.refresh_from_db()
        self.assertEqual(self.job.description, "Whose task was this?")
        self.assertEqual((self.job.state, self.job.next_run_at), ("broken", None))
        self.assertEqual((self.job.task, self.job.params), ("gone.task", {"text": "kept"}))

    def test_is_mended_by_another_task(self):
        self.change(self.job, task="tests.echo")

        self.job.refresh_from_db()
        self.assertEqual(self.job.state, "active")
