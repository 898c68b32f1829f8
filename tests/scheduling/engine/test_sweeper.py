from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from unittest.mock import patch

from django.db import OperationalError
from django.test import TransactionTestCase

from scheduling.engine import sweeper as sweeper_module
from scheduling.engine import sweeping
from scheduling.engine.sweeper import Sweeper
from scheduling.engine.worker import WorkerLoop
from scheduling.models import Job, Run
from scheduling.options import Options
from tests.factories import NOW, claimed, make_job, make_outcome, make_run


def test_a_database_that_is_away_at_the_start_is_not_asked_without_a_pause() -> None:
    worker = WorkerLoop(worker_id=1, lanes={}, on_outcome=print)
    sweeper = Sweeper(
        worker, worker_id=1, is_steady=lambda: False, records=set, options=Options(sweep=0.2)
    )

    away = OperationalError("away")
    with patch.object(sweeping, "end_cancelled_runs", side_effect=away) as look:
        sweeper.start()
        time.sleep(0.5)  # the time in which it must not do much
        sweeper.stop()

    assert 2 <= look.call_count <= 4
    assert "away" in sweeper.trouble


class SteadinessTests(TransactionTestCase):
    def test_no_run_is_missed_while_the_clock_cannot_be_trusted(self) -> None:
        steady = Event()
        run = make_run(due_at=NOW, expires_at=NOW)
        held = make_run(make_job(overlap="queue"), due_at=None)
        worker = WorkerLoop(worker_id=1, lanes={}, on_outcome=print)
        sweeper = Sweeper(
            worker, worker_id=1, is_steady=steady.is_set, records=set, options=Options(sweep=0.02)
        )
        self.addCleanup(sweeper.stop)

        sweeper.start()
        wait_for(lambda: Run.objects.get(pk=held.pk).due_at is not None)  # comes after the missed
        assert Run.objects.get(pk=run.pk).status == "pending"
        steady.set()

        wait_for(lambda: Run.objects.get(pk=run.pk).status == "missed")


class FaultTests(TransactionTestCase):
    def sweeper(self, every: float) -> Sweeper:
        worker = WorkerLoop(worker_id=1, lanes={}, on_outcome=print)
        sweeper = Sweeper(
            worker, worker_id=1, is_steady=lambda: False, records=set, options=Options(sweep=every)
        )
        self.addCleanup(sweeper.stop)
        return sweeper

    def spoiled(self) -> Job:
        job = make_job()
        spoil(job)
        return job

    def test_a_job_is_checked_again_after_all_have_been(self) -> None:
        job, broken = make_job(), self.spoiled()
        self.sweeper(every=0.02).start()
        wait_for(lambda: state_of(broken) == "broken")

        spoil(job)

        wait_for(lambda: state_of(job) == "broken")

    def test_a_job_of_which_a_run_was_refused_is_broken_at_once(self) -> None:
        sweeper, first = self.sweeper(every=60.0), self.spoiled()
        sweeper.start()
        wait_for(lambda: state_of(first) == "broken")
        job = self.spoiled()

        refused = make_outcome(claimed(make_run(job)), status="failed", is_unfit=True)
        sweeper.notice_outcomes([refused])

        wait_for(lambda: state_of(job) == "broken")

    def test_a_job_that_others_break_again_is_not_healed_again_and_again(self) -> None:
        job, later = make_job(), make_job()
        job.park("Newer code refuses it.")
        with patch.object(sweeper_module, "INSPECT_EVERY", 0.0):
            self.sweeper(every=0.02).start()
            wait_for(lambda: state_of(job) == "active")

            job.park("Newer code refuses it.")
            later.park("The same.")

            wait_for(lambda: state_of(later) == "active")
            assert state_of(job) == "broken"


def spoil(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(params={"venue": "kis"})


def state_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "It did not happen within 10 s."
        time.sleep(0.01)
