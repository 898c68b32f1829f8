"""A clock that read ahead for one tick keeps no job from its fire times."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.test import TestCase, TransactionTestCase

from scheduling.engine.recalling import recall_clocks
from scheduling.engine.sweeper import Sweeper
from scheduling.engine.tick import fire_due_jobs
from scheduling.engine.worker import WorkerLoop
from scheduling.models import Job, Run, TallyMark
from scheduling.options import Options
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker

MINUTE = timedelta(minutes=1)
YEARS = timedelta(days=3652)


def job_of(now: datetime = NOW, **values: Any) -> Job:
    """Put a job that nobody edited since."""
    job = make_job(now=now, **values)
    Job.objects.filter(pk=job.pk).update(updated_at=now)
    return job


def tick(now: datetime) -> int:
    return fire_due_jobs(now, limit=100, options=Options()).recorded


def slots(job: Job) -> list[datetime]:
    return list(job.runs.order_by("scheduled_at").values_list("scheduled_at", flat=True))


class RecallClocksTests(TestCase):
    def test_a_job_fires_again_after_a_clock_that_read_ten_years_ahead(self) -> None:
        job = job_of(trigger_expression="*/5 * * * *")
        tick(NOW + YEARS)

        with self.assertLogs("scheduling.engine.recalling", "ERROR") as logs:
            assert recall_clocks(NOW + MINUTE) == 1

        job.refresh_from_db()
        assert job.next_run_at == NOW + 5 * MINUTE
        assert logs.output == [
            "ERROR:scheduling.engine.recalling:A clock read ahead. Fire again from now on: 1 jobs "
            f"({job.key}). Taken back: 1 runs that had not started."
        ]
        tick(NOW + 5 * MINUTE)
        assert slots(job) == [NOW + 5 * MINUTE]

    def test_no_fire_time_between_the_jump_and_the_recall_is_lost(self) -> None:
        job = job_of(trigger_expression="* * * * *", coalesce=False, misfire_grace_seconds=None)
        tick(NOW + MINUTE)
        tick(NOW + YEARS)

        recall_clocks(NOW + 4 * MINUTE)
        tick(NOW + 4 * MINUTE)

        assert slots(job) == [NOW + n * MINUTE for n in range(1, 5)]

    def test_a_one_off_that_a_wrong_clock_finished_waits_for_its_time(self) -> None:
        next_week = NOW + timedelta(days=7)
        with time_machine.travel(NOW):
            job = job_of(trigger_kind="date", trigger_expression=next_week.isoformat())
        tick(NOW + YEARS)

        recall_clocks(NOW + MINUTE)
        tick(next_week)

        job.refresh_from_db()
        assert [run.status for run in job.runs.all()] == ["pending"]
        assert (job.state, slots(job)) == ("finished", [next_week])

    def test_missed_fire_times_to_come_are_taken_back(self) -> None:
        job = job_of(trigger_expression="*/5 * * * *", coalesce=False)
        tick(NOW + timedelta(hours=1))

        recall_clocks(NOW + MINUTE)
        tick(NOW + 5 * MINUTE)

        assert [run.status for run in job.runs.all()] == ["pending"]
        assert slots(job) == [NOW + 5 * MINUTE]

    def test_a_run_that_started_ahead_of_its_time_stays_and_is_not_doubled(self) -> None:
        job = job_of(trigger_kind="interval", trigger_expression="30m", overlap="allow")
        tick(NOW + 30 * MINUTE)
        job.runs.update(worker=make_worker(), status="running", attempt=1, started_at=NOW)

        assert recall_clocks(NOW + MINUTE) == 1
        assert recall_clocks(NOW + MINUTE) == 0

        with self.assertLogs("scheduling.engine.tick", "WARNING"):
            assert tick(NOW + 30 * MINUTE) == 0
        assert slots(job) == [NOW + 30 * MINUTE]

    def test_an_edit_counts_as_the_last_word(self) -> None:
        job = job_of(trigger_expression="* * * * *")
        tick(NOW + MINUTE)
        tick(NOW + YEARS)
        Job.objects.filter(pk=job.pk).update(updated_at=NOW + 5 * MINUTE)

        recall_clocks(NOW + 8 * MINUTE)

        job.refresh_from_db()
        assert job.next_run_at == NOW + 6 * MINUTE

    def test_what_fires_in_time_is_left_alone(self) -> None:
        jobs = [job_of(trigger_expression=text) for text in ("* * * * *", "0 0 1 1 *")]
        tick(NOW + MINUTE)
        before = [Job.objects.get(pk=job.pk).next_run_at for job in jobs]

        # The newest run.
        with self.assertNumQueries(1):
            assert recall_clocks(NOW + MINUTE) == 0

        assert [Job.objects.get(pk=job.pk).next_run_at for job in jobs] == before

    def test_hosts_may_differ_by_minutes(self) -> None:
        job = job_of(trigger_expression="* * * * *")
        tick(NOW + 4 * MINUTE)

        assert recall_clocks(NOW) == 0

        assert slots(job) == [NOW + 4 * MINUTE]

    def test_paused_jobs_and_runs_on_request_are_left_alone(self) -> None:
        paused = job_of()
        paused.pause("maintenance", now=NOW)
        far = NOW + YEARS
        make_run(paused, origin=Run.Origin.SCHEDULE, scheduled_at=far, created_at=far)
        make_running_run(make_worker(), job_of(), scheduled_at=far)

        assert recall_clocks(NOW) == 0
        assert Run.objects.count() == 2

    def test_a_job_whose_trigger_cannot_be_read_is_left_to_the_tick(self) -> None:
        job = job_of()
        tick(NOW + YEARS)
        Job.objects.filter(pk=job.pk).update(trigger_expression="61 * * * *")

        assert recall_clocks(NOW) == 0

    def test_takes_a_number_of_queries_that_does_not_grow(self) -> None:
        for _ in range(20):
            job_of()
        tick(NOW + YEARS)

        # newest run, jobs ahead, savepoint and its release, lock the jobs, their clocks and last
        # fire times, move the clocks, states, wake, lock what had not started, move the mark
        # of the tallies (5), read and delete it with its lines and artifacts, newest run
        TallyMark.objects.create(pk=1)
        with self.assertNumQueries(21), self.assertLogs("scheduling.engine.recalling"):
            assert recall_clocks(NOW) == 20


class SweeperTests(TransactionTestCase):
    """The sweeper of each worker looks, unless its own clock cannot be trusted just now."""

    def sweep(self, now: datetime, *, is_steady: bool) -> None:
        """Let a sweeper begin at least one sweep, and end it."""
        held = make_run(make_job(overlap="queue"), due_at=None)
        sweeper = Sweeper(
            WorkerLoop(worker_id=0, lanes={}, on_outcome=lambda outcome: None),
            worker_id=0,
            is_steady=lambda: is_steady,
            records=set,
            clock=lambda: now,
        )
        sweeper.start()
        deadline = time.monotonic() + 10
        while held.due_at is None and time.monotonic() < deadline:
            time.sleep(0.01)
            held.refresh_from_db()
        sweeper.stop()
        assert held.due_at == now

    def test_sets_clocks_back(self) -> None:
        job = job_of(trigger_expression="*/5 * * * *")
        tick(NOW + YEARS)

        self.sweep(NOW + MINUTE, is_steady=True)

        job.refresh_from_db()
        assert job.next_run_at == NOW + 5 * MINUTE

    def test_leaves_clocks_alone_while_its_own_has_just_jumped(self) -> None:
        job = job_of(trigger_expression="*/5 * * * *")
        tick(NOW + YEARS)

        self.sweep(NOW + MINUTE, is_steady=False)

        job.refresh_from_db()
        assert job.next_run_at == NOW + YEARS + 5 * MINUTE
