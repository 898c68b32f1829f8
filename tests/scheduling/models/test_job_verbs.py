from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase
from django_apscheduler.models import DjangoJob

from scheduling.exceptions import InvalidParams, InvalidRequest, JobConflict
from scheduling.models import Job, Run
from tests.factories import NOW, make_job, make_run, make_running_run, make_user, make_worker

LATER = NOW + timedelta(minutes=20)


def finish(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=Job.State.FINISHED)
    job.refresh_from_db()


def orphan(job: Job) -> None:
    """Take the job's task away."""
    Job.objects.filter(pk=job.pk).update(task="gone.task")
    job.refresh_from_db()


class PauseTests(TestCase):
    def test_stops_the_clock_and_says_who_and_why(self) -> None:
        job = make_job(now=NOW)

        job.pause("maintenance", by=make_user("alice"), now=NOW)

        assert (job.state, job.state_reason) == ("paused", "Paused by alice: maintenance")
        assert job.next_run_at is None

    def test_skips_what_was_due_and_what_was_pending(self) -> None:
        job = make_job(now=NOW)
        make_run(job, origin=Run.Origin.SCHEDULE)

        job.pause("maintenance", now=LATER)

        assert list(job.runs.values_list("status", flat=True)) == ["skipped", "skipped"]

    def test_says_how_many_fire_times_the_skipped_run_stands_for(self) -> None:
        job = make_job(now=NOW)

        job.pause("maintenance", now=NOW + timedelta(hours=1))

        run = job.runs.get()
        assert run.scheduled_at == NOW + timedelta(hours=1)
        assert "maintenance Stands for 3 earlier fire times too, from" in run.reason

    def test_skips_each_fire_time_of_a_job_that_does_not_coalesce(self) -> None:
        job = make_job(now=NOW, coalesce=False)

        job.pause("maintenance", now=NOW + timedelta(hours=1))

        assert [run.scheduled_at for run in job.runs.order_by("scheduled_at")] == [
            NOW + timedelta(minutes=minutes) for minutes in (15, 30, 45, 60)
        ]

    def test_leaves_manual_runs_alone(self) -> None:
        job = make_job(now=NOW)
        run = make_run(job, origin=Run.Origin.MANUAL)

        job.pause("maintenance", now=NOW)

        run.refresh_from_db()
        assert run.status == "pending"

    def test_refuses_a_finished_job(self) -> None:
        job = make_job()
        finish(job)

        with pytest.raises(JobConflict, match="finished"):
            job.pause("maintenance")


class ResumeTests(TestCase):
    def test_goes_on_from_now_without_catching_up(self) -> None:
        job = make_job(now=NOW)
        job.pause("maintenance", now=NOW)

        job.resume(now=NOW + timedelta(days=4))

        assert job.state == "active"
        assert job.next_run_at == NOW + timedelta(days=4, minutes=15)
        assert not job.runs.exists()

    def test_does_not_move_the_clock_of_an_active_job(self) -> None:
        job = make_job(now=NOW)

        job.resume(now=LATER)

        assert job.next_run_at == NOW + timedelta(minutes=15)

    def test_refuses_a_job_whose_task_is_unknown(self) -> None:
        job = make_job()
        job.pause("maintenance")
        orphan(job)

        with pytest.raises(JobConflict, match="Unknown task"):
            job.resume()


class TriggerTests(TestCase):
    def test_requests_a_run_for_now(self) -> None:
        user = make_user()
        job = make_job(params={"text": "hi"}, owner=user)

        run = job.trigger(requested_by=user, now=NOW)

        assert (run.status, run.scheduled_at, run.due_at) == ("pending", NOW, NOW)
        assert (run.params, run.owner, run.requested_by) == ({"text": "hi"}, user, user)

    def test_does_not_touch_the_clock(self) -> None:
        job = make_job(now=NOW)

        job.trigger(now=LATER)

        job.refresh_from_db()
        assert job.next_run_at == NOW + timedelta(minutes=15)

    def test_overrides_single_parameters(self) -> None:
        job = make_job(params={"text": "hi", "times": 2})

        assert job.trigger(params={"times": 3}).params == {"text": "hi", "times": 3}

    def test_refuses_parameters_that_do_not_fit(self) -> None:
        job = make_job()

        with pytest.raises(InvalidParams):
            job.trigger(params={"times": "many"})
        assert not Run.objects.exists()

    def test_refuses_an_instant_that_has_not_come(self) -> None:
        with pytest.raises(InvalidRequest, match="lies in the future"):
            make_job().trigger(scheduled_at=LATER, now=NOW)

    def test_runs_a_paused_job_and_says_so(self) -> None:
        job = make_job()
        job.pause("maintenance")

        run = job.trigger()

        assert (run.status, run.reason) == ("pending", "Triggered while the job was paused.")

    def test_skips_the_second_of_two_when_one_may_run(self) -> None:
        job = make_job(overlap="skip")
        job.trigger()

        run = job.trigger()

        assert (run.status, run.reason) == ("skipped", "1 run of this job had not ended.")

    def test_holds_back_the_second_of_two_in_a_queue(self) -> None:
        job = make_job(overlap="queue")
        job.trigger()

        assert job.trigger().due_at is None

    def test_may_stand_for_an_instant_that_has_a_run_already(self) -> None:
        job = make_job(overlap="allow", max_instances=5)
        make_run(job, origin=Run.Origin.SCHEDULE, scheduled_at=NOW)

        run = job.trigger(scheduled_at=NOW)

        assert run.scheduled_at == NOW


class ParkAndHealTests(TestCase):
    def test_a_parked_job_fires_no_more_and_keeps_its_history(self) -> None:
        job = make_job()
        make_run(job)

        job.park("No installed app has its task.")

        assert (job.state, job.next_run_at) == ("broken", None)
        assert job.runs.count() == 1

    def test_a_fire_time_that_is_due_when_a_job_breaks_is_recorded(self) -> None:
        job = make_job(now=NOW)

        job.park("its task is gone", now=LATER)

        run = job.runs.get()
        assert (run.status, run.reason) == ("skipped", "The job was broken: its task is gone")

    def test_a_broken_job_heals_when_its_task_is_back(self) -> None:
        job = make_job(now=NOW)
        job.park("gone", now=NOW)

        assert job.heal(now=LATER)

        job.refresh_from_db()
        assert (job.state, job.state_reason) == ("active", "")
        assert job.next_run_at == NOW + timedelta(minutes=30)

    def test_a_broken_job_stays_broken_while_its_task_is_gone(self) -> None:
        job = make_job()
        job.park("gone")
        orphan(job)

        assert not job.heal()

    def test_a_paused_job_is_not_healed_into_firing(self) -> None:
        job = make_job()
        job.pause("maintenance")

        assert not job.heal()

    def test_a_clock_that_was_deleted_comes_back(self) -> None:
        job = make_job(now=NOW)
        DjangoJob.objects.all().delete()

        assert job.heal(now=NOW)

        job.refresh_from_db()
        assert job.next_run_at == NOW + timedelta(minutes=15)


class RemoveTests(TestCase):
    def test_keeps_the_runs(self) -> None:
        job = make_job(key="pnl")
        run = make_run(job, status="succeeded", finished_at=NOW)

        job.remove()

        run.refresh_from_db()
        assert (run.job, run.job_key, run.status) == (None, "pnl", "succeeded")
        assert not DjangoJob.objects.exists()

    def test_withdraws_what_has_not_started_and_leaves_what_runs(self) -> None:
        job = make_job()
        pending = make_run(job)
        running = make_running_run(make_worker(), job)

        job.remove()

        pending.refresh_from_db()
        running.refresh_from_db()
        assert (pending.status, pending.reason) == ("cancelled", "The job was deleted.")
        assert running.status == "running"
