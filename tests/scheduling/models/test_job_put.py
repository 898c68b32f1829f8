from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.test import TestCase
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from scheduling.exceptions import JobConflict
from scheduling.models import Job, Run
from tests.factories import NOW, make_job


class PutTests(TestCase):
    def test_sets_the_clock_to_the_next_fire_time(self) -> None:
        job = make_job(trigger_expression="*/15 * * * *", now=NOW)

        assert job.state == Job.State.ACTIVE
        assert DjangoJob.objects.get(id=job.key).next_run_time == NOW + timedelta(minutes=15)

    def test_counts_in_the_job_s_time_zone(self) -> None:
        job = make_job(trigger_expression="30 9 * * *", timezone="Asia/Seoul", now=NOW)

        assert job.next_run_at == datetime(2026, 3, 3, 0, 30, tzinfo=UTC)

    def test_an_edit_that_leaves_the_trigger_leaves_the_clock(self) -> None:
        job = make_job(trigger_kind="interval", trigger_expression="24h", now=NOW)
        before = job.next_run_at

        job.name = "Another name"
        job.put(now=NOW + timedelta(hours=20))

        assert job.next_run_at == before

    def test_an_edit_of_the_trigger_moves_the_clock(self) -> None:
        job = make_job(trigger_expression="0 0 1 1 *", now=NOW)

        job.trigger_expression = "0 * * * *"
        job.put(now=NOW)

        assert job.next_run_at == NOW + timedelta(hours=1)

    def test_another_jitter_or_end_does_not_start_an_interval_anew(self) -> None:
        job = make_job(trigger_kind="interval", trigger_expression="24h", now=NOW)

        job.jitter_seconds = 5
        job.put(now=NOW + timedelta(hours=20))

        assert job.next_run_at == NOW + timedelta(hours=24)

    def test_another_task_withdraws_what_has_not_started(self) -> None:
        job = make_job()
        run = job.trigger()

        job.task = "tests.talk"
        job.put()

        run.refresh_from_db()
        assert run.status == "cancelled"

    def test_a_paused_job_stays_paused(self) -> None:
        job = make_job(now=NOW)
        job.pause("maintenance", now=NOW)

        job.trigger_expression = "0 * * * *"
        job.put(now=NOW)

        assert (job.state, job.next_run_at) == (Job.State.PAUSED, None)

    def test_a_stale_copy_does_not_resume_a_paused_job(self) -> None:
        job = make_job(now=NOW)
        stale = Job.objects.get(pk=job.pk)
        job.pause("maintenance", now=NOW)

        stale.name = "Edited in another window"
        stale.put(now=NOW)

        assert Job.objects.get(pk=job.pk).state == Job.State.PAUSED

    def test_a_clock_that_was_deleted_is_set_again(self) -> None:
        job = make_job(now=NOW)
        DjangoJob.objects.all().delete()

        job.put(now=NOW)

        assert DjangoJob.objects.get().next_run_time == NOW + timedelta(minutes=15)

    def test_a_job_that_was_deleted_meanwhile_does_not_come_back(self) -> None:
        job = make_job()
        Job.objects.get(pk=job.pk).remove()

        with self.assertRaisesMessage(JobConflict, "deleted meanwhile"):
            job.put()
        assert not Job.objects.exists()

    def test_a_new_trigger_revives_a_finished_job(self) -> None:
        soon = timezone.now() + timedelta(hours=1)
        job = make_job(trigger_kind="date", trigger_expression=soon.isoformat())
        Job.objects.filter(pk=job.pk).update(state=Job.State.FINISHED)

        job.trigger_kind, job.trigger_expression = "cron", "0 * * * *"
        job.put()

        assert (job.state, job.state_reason) == (Job.State.ACTIVE, "")

    def test_a_finished_job_can_still_be_renamed(self) -> None:
        soon = timezone.now() + timedelta(hours=1)
        job = make_job(trigger_kind="date", trigger_expression=soon.isoformat())
        Job.objects.filter(pk=job.pk).update(state=Job.State.FINISHED)

        job.name = "Once upon a time"
        job.put(now=soon + timedelta(days=1))

        job.refresh_from_db()
        assert (job.state, job.name) == (Job.State.FINISHED, "Once upon a time")

    def test_a_fire_time_that_an_edit_overtakes_is_recorded(self) -> None:
        job = make_job(trigger_expression="*/15 * * * *", now=NOW)

        job.trigger_expression = "0 0 1 1 *"
        job.put(now=NOW + timedelta(minutes=16))

        run = Run.objects.get(job=job)
        assert (run.status, run.scheduled_at) == ("skipped", NOW + timedelta(minutes=15))
        assert "edited" in run.reason


class PutOfABrokenJobTests(TestCase):
    """Its task was removed from the code."""

    def setUp(self) -> None:
        job = make_job(params={"text": "kept"}, now=NOW)
        Job.objects.update(task="gone.task")
        Job.objects.get().park("Unknown task 'gone.task'.", now=NOW)
        self.job = Job.objects.get(pk=job.pk)

    def test_what_is_not_the_task_may_change_and_the_job_stays_broken(self) -> None:
        self.job.description, self.job.trigger_expression = "Whose task is it?", "0 * * * *"

        self.job.put(now=NOW)

        job = Job.objects.get()
        assert (job.description, job.trigger_expression) == ("Whose task is it?", "0 * * * *")
        assert (job.state, job.next_run_at) == (Job.State.BROKEN, None)
        assert job.state_reason == "Unknown task 'gone.task'."

    def test_other_parameters_are_refused_for_nobody_can_judge_them(self) -> None:
        self.job.params = {"text": "other"}

        with self.assertRaisesMessage(ValidationError, "Unknown task"):
            self.job.put(now=NOW)

    def test_another_unknown_task_is_refused(self) -> None:
        self.job.task = "gone.too"

        with self.assertRaisesMessage(ValidationError, "Unknown task"):
            self.job.put(now=NOW)

    def test_a_paused_one_stays_paused(self) -> None:
        self.job.pause("until it is back", now=NOW)

        self.job.put(now=NOW)

        assert Job.objects.get().state == Job.State.PAUSED


class PutRefusesTests(TestCase):
    def errors_of(self, **values: Any) -> dict[str, list[str]]:
        with self.assertRaises(ValidationError) as caught:
            make_job(**values)
        return caught.exception.message_dict

    def test_an_unknown_task(self) -> None:
        assert "Unknown task 'tests.ecko'" in self.errors_of(task="tests.ecko")["task"][0]

    def test_parameters_that_do_not_fit(self) -> None:
        assert "times" in self.errors_of(params={"times": 99})["params"][0]

    def test_a_bad_expression(self) -> None:
        assert "trigger_expression" in self.errors_of(trigger_expression="61 * * * *")

    def test_an_unknown_time_zone(self) -> None:
        assert "timezone" in self.errors_of(timezone="Europe/Zurch")

    def test_an_end_in_the_past(self) -> None:
        assert "end_at" in self.errors_of(end_at=datetime(2020, 1, 1, tzinfo=UTC))

    def test_a_negative_timeout(self) -> None:
        assert "timeout_seconds" in self.errors_of(timeout_seconds=-5)

    def test_more_instances_without_overlap(self) -> None:
        assert "max_instances" in self.errors_of(overlap="skip", max_instances=2)

    def test_a_key_that_no_url_could_hold(self) -> None:
        assert "key" in self.errors_of(key="P&L / intraday")

    def test_nothing_is_saved_of_a_refused_job(self) -> None:
        self.errors_of(trigger_expression="* * *")

        assert not Job.objects.exists()
        assert not DjangoJob.objects.exists()
