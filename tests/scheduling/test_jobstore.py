from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from django.test import TestCase
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from scheduling.jobstore import JobStore, move_clocks, record_executions
from scheduling.models import Job
from tests.factories import (
    NOW,
    claimed,
    make_job,
    make_outcome,
    make_run,
    make_running_run,
    make_worker,
)


class JobStoreTests(TestCase):
    def setUp(self) -> None:
        self.store = JobStore()
        self.store._scheduler = BackgroundScheduler(timezone="UTC")
        self.store._alias = "default"

    def spoil(self, job: Job, state: Any) -> None:
        DjangoJob.objects.filter(id=job.key).update(job_state=state)

    def test_apscheduler_sees_our_jobs(self) -> None:
        job = make_job(key="pnl", name="P&L", now=NOW)

        (seen,) = self.store.get_all_jobs()

        assert (seen.id, seen.name, seen.next_run_time) == ("pnl", "P&L", job.next_run_at)

    def test_the_row_s_time_counts_and_not_the_pickle_s(self) -> None:
        make_job(key="pnl", now=NOW)
        move_clocks([("pnl", NOW + timedelta(hours=5))])

        (seen,) = self.store.get_all_jobs()
        assert seen.next_run_time == NOW + timedelta(hours=5)

    def test_due_jobs_come_in_order(self) -> None:
        make_job(key="late", now=NOW)
        make_job(key="early", now=NOW, trigger_expression="10 * * * *")

        due = self.store.get_due_jobs(NOW + timedelta(hours=1))

        assert [job.id for job in due] == ["early", "late"]

    def test_a_job_that_cannot_be_restored_is_parked_and_not_deleted(self) -> None:
        job = make_job(now=NOW)
        run = make_run(job)
        self.spoil(job, b"not a pickle")

        with self.assertLogs("scheduling.jobstore", "ERROR"):
            assert self.store.get_all_jobs() == []

        job.refresh_from_db()
        assert job.state == Job.State.BROKEN
        assert job.runs.filter(pk=run.pk).exists()

    def test_a_job_of_a_renamed_function_is_parked_and_not_deleted(self) -> None:
        job = make_job(now=NOW)
        self.spoil(job, pickle.dumps({"version": 1, "func": "gone.module:function"}))

        with self.assertLogs("scheduling.jobstore", "ERROR"):
            self.store.get_all_jobs()

        assert DjangoJob.objects.filter(id=job.key).exists()

    def test_an_unknown_job_is_none(self) -> None:
        assert self.store.lookup_job("nobody") is None


class ExecutionHistoryTests(TestCase):
    def test_django_apscheduler_s_history_follows_our_runs(self) -> None:
        run = make_running_run(make_worker(), make_job(key="pnl"))

        record_executions([make_outcome(claimed(run), status="failed", error="no file")])

        execution = DjangoJobExecution.objects.get(job_id="pnl")
        assert (execution.status, execution.exception) == ("Error!", "no file")
        assert (execution.run_time, execution.duration) == (run.scheduled_at, 2)

    def test_a_later_attempt_replaces_an_earlier_one(self) -> None:
        run = claimed(make_running_run(make_worker()))

        record_executions([make_outcome(run, status="failed", error="once")])
        record_executions([make_outcome(run)])

        assert DjangoJobExecution.objects.get().status == "Executed"

    def test_a_deleted_job_has_no_history_there(self) -> None:
        job = make_job()
        outcome = make_outcome(claimed(make_running_run(make_worker(), job)))
        job.remove()

        record_executions([outcome])

        assert not DjangoJobExecution.objects.exists()
