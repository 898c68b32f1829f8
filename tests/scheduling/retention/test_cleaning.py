from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.test import TestCase
from django_apscheduler.models import DjangoJobExecution
from knox.models import AuthToken

from scheduling.models import Artifact, Job, LogLine, Run, Worker
from scheduling.pace import Pace
from scheduling.retention.cleaning import clean_up, count_expired
from scheduling.retention.expiry import Limits
from tests.factories import NOW, make_job, make_run, make_running_run, make_user, make_worker

LIMITS = Limits(run_days=30, failure_days=90, log_days=14, runs_per_job=1000)


def pace(**values: Any) -> Pace:
    return Pace(rest=lambda seconds: None, **values)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def make_old_run(job: Job, days: float, status: str = "succeeded", **values: Any) -> Run:
    """Save a run that ended so many days ago, with a log line and an artifact."""
    at = days_ago(days)
    ended = {"status": status, "started_at": at, "finished_at": at, "scheduled_at": at}
    run = make_run(job, **{**ended, **values})
    LogLine.objects.create(run=run, at=at, level="INFO", logger="tests", message="a line")
    Artifact.objects.create(
        run=run, name="a.txt", content_type="text/plain", size=1, content=b"a", created_at=at
    )
    return run


class CleanUpTestCase(TestCase):
    """Each test makes rows, cleans up and looks at what is left."""

    def setUp(self) -> None:
        self.job = make_job(key="job")

    def clean_up(self, **limits: int) -> dict[str, int]:
        """Clean up after a dry run, which must say the same."""
        chosen = replace(LIMITS, **limits)
        counted = count_expired(chosen, now=NOW)
        deleted = clean_up(chosen, now=NOW, pace=pace())
        self.assertEqual(counted, deleted)
        return deleted

    def left(self, *runs: Run) -> list[bool]:
        ids = set(Run.objects.values_list("pk", flat=True))
        return [run.pk in ids for run in runs]


class RunsByAgeTests(CleanUpTestCase):
    def test_runs_go_after_their_days_with_logs_and_artifacts(self):
        old, young = make_old_run(self.job, 31), make_old_run(self.job, 1)

        deleted = self.clean_up()

        self.assertEqual(self.left(old, young), [False, True])
        self.assertEqual((deleted["runs"], deleted["log_lines"], deleted["artifacts"]), (1, 1, 1))
        self.assertEqual(LogLine.objects.get().run, young)

    def test_failures_are_kept_longer(self):
        failures = [
            make_old_run(self.job, 89, status) for status in ("failed", "timed_out", "lost")
        ]
        others = [make_old_run(self.job, 89, status) for status in ("degraded", "cancelled")]
        ancient = make_old_run(self.job, 91, "failed")
        make_old_run(self.job, 1)

        self.clean_up()

        self.assertEqual(self.left(*failures), [True] * 3)
        self.assertEqual(self.left(*others, ancient), [False] * 3)

    def test_runs_that_have_not_ended_stay_however_old(self):
        worker = make_worker(heartbeat_at=days_ago(400))
        started_at = days_ago(400)
        waiting = make_run(self.job, scheduled_at=started_at, created_at=started_at)
        running = make_running_run(worker, self.job, started_at=started_at)
        make_old_run(self.job, 1)

        self.clean_up(runs_per_job=1)

        self.assertEqual(self.left(waiting, running), [True, True])

    def test_the_newest_run_of_a_job_stays(self):
        yearly = make_job(key="yearly")
        before, last = make_old_run(yearly, 800), make_old_run(yearly, 400)

        self.clean_up()

        self.assertEqual(self.left(before, last), [False, True])

    def test_of_a_job_that_is_gone_nothing_stays(self):
        last = make_old_run(self.job, 31)
        self.job.remove()

        self.clean_up()

        self.assertEqual(self.left(last), [False])

    def test_many_runs_go_in_steps(self):
        runs = [make_old_run(self.job, 40) for _ in range(120)]
        make_old_run(self.job, 1)

        self.clean_up()

        self.assertEqual(self.left(*runs), [False] * 120)

    def test_it_ends_early_when_told_to(self):
        for _ in range(120):
            make_old_run(self.job, 40)
        make_old_run(self.job, 1)
        steps = iter(range(1000))

        clean_up(LIMITS, now=NOW, pace=pace(should_stop=lambda: next(steps) > 8))

        self.assertGreater(Run.objects.count(), 1)


class RunsByCountTests(CleanUpTestCase):
    def test_the_newest_of_each_job_stay(self):
        runs = [make_old_run(self.job, 5 - number) for number in range(5)]
        other = make_old_run(make_job(), 9)

        deleted = self.clean_up(runs_per_job=2)

        self.assertEqual(self.left(*runs), [False, False, False, True, True])
        self.assertEqual(self.left(other), [True])
        self.assertEqual(deleted["runs"], 3)

    def test_failures_are_counted_apart(self):
        failure = make_old_run(self.job, 5, "failed")
        runs = [make_old_run(self.job, 4 - number) for number in range(3)]

        self.clean_up(runs_per_job=2)

        self.assertEqual(self.left(failure, *runs), [True, False, True, True])

    def test_old_ones_are_not_deleted_twice(self):
        runs = [make_old_run(self.job, days) for days in (50, 40, 3, 2, 1)]

        deleted = self.clean_up(runs_per_job=2)

        self.assertEqual(self.left(*runs), [False, False, False, True, True])
        self.assertEqual(deleted["runs"], 3)


class BelongingsTests(CleanUpTestCase):
    def test_logs_and_artifacts_go_before_their_run(self):
        run = make_old_run(self.job, 15)
        young = make_old_run(self.job, 13)

        deleted = self.clean_up()

        self.assertEqual(self.left(run, young), [True, True])
        self.assertEqual((deleted["log_lines"], deleted["artifacts"]), (1, 1))
        self.assertEqual(LogLine.objects.get().run, young)
        self.assertEqual(Artifact.objects.get().run, young)

    def test_those_of_a_failure_stay_as_long_as_it(self):
        failure = make_old_run(self.job, 80, "failed")
        make_old_run(self.job, 1)

        self.clean_up()

        self.assertEqual((failure.logs.count(), failure.artifacts.count()), (1, 1))

    def test_thousands_of_lines_of_a_run_go_in_several_statements(self):
        run = make_old_run(self.job, 15)
        LogLine.objects.bulk_create(
            LogLine(run=run, at=NOW, level="INFO", logger="tests", message="x") for _ in range(4500)
        )

        self.assertEqual(self.clean_up()["log_lines"], 4501)


class OtherRowsTests(CleanUpTestCase):
    def add_execution(self, days: float, status: str = DjangoJobExecution.SUCCESS) -> None:
        DjangoJobExecution.objects.create(job_id="job", run_time=days_ago(days), status=status)

    def test_the_history_of_django_apscheduler_is_kept_like_runs(self):
        for days in (31, 2, 1):
            self.add_execution(days)
        self.add_execution(89, DjangoJobExecution.ERROR)

        deleted = self.clean_up(runs_per_job=1)

        self.assertEqual(deleted["apscheduler_history"], 2)
        left = DjangoJobExecution.objects.order_by("run_time").values_list("run_time", flat=True)
        self.assertEqual(list(left), [days_ago(89), days_ago(1)])

    def test_workers_go_that_are_long_gone_and_that_no_run_names(self):
        gone, named = (make_worker(heartbeat_at=days_ago(31), stopped_at=NOW) for _ in range(2))
        living = make_worker()
        make_old_run(self.job, 5, worker=named)

        self.clean_up()

        self.assertFalse(Worker.objects.filter(pk=gone.pk).exists())
        self.assertEqual(set(Worker.objects.all()), {named, living})

    def test_expired_tokens_and_sessions_go(self):
        user = make_user()
        expired, _ = AuthToken.objects.create(user, expiry=timedelta(days=-1))
        expired.expiry = days_ago(1)
        expired.save()
        valid, _ = AuthToken.objects.create(user)
        Session.objects.create(session_key="old", session_data="", expire_date=days_ago(1))

        self.clean_up()

        self.assertEqual(AuthToken.objects.get(), valid)
        self.assertFalse(Session.objects.exists())
