from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import TestCase, TransactionTestCase

from scheduling.engine.inline import bury_the_dead, run_here
from scheduling.models import Run, Worker
from tests.factories import make_job, make_running_run, make_worker


class BuryTheDeadTests(TestCase):
    def test_a_worker_that_died_long_ago_keeps_no_run_from_starting(self) -> None:
        job = make_job()
        long_ago = datetime.now(UTC) - timedelta(minutes=6)
        make_running_run(make_worker(heartbeat_at=long_ago), job)

        bury_the_dead()

        assert job.trigger().status == "pending"

    def test_a_worker_that_was_silent_for_a_while_may_be_asleep(self) -> None:
        just_now = datetime.now(UTC) - timedelta(minutes=1)
        run = make_running_run(make_worker(heartbeat_at=just_now))

        bury_the_dead()

        run.refresh_from_db()
        assert run.status == "running"


class RunHereTests(TransactionTestCase):
    def test_runs_like_any_worker_and_leaves(self) -> None:
        run = run_here(make_job(task="tests.talk").trigger())

        assert (run.status, run.result, run.logs.count()) == ("succeeded", "done", 3)
        assert Worker.objects.get().stopped_at is not None

    def test_keeps_at_it_until_the_last_attempt(self) -> None:
        job = make_job(
            task="tests.fail_until", params={"attempt": 2}, max_attempts=3, backoff_seconds=0
        )

        run = run_here(job.trigger())

        assert (run.status, run.result, run.attempt) == ("succeeded", 2, 2)

    def test_ends_a_run_that_is_out_of_time(self) -> None:
        job = make_job(task="tests.sleep", params={"seconds": 60}, timeout_seconds=1)

        assert run_here(job.trigger()).status == "timed_out"

    def test_goes_on_when_the_database_cuts_its_connection(self) -> None:
        run = make_job(task="tests.sleep", params={"seconds": 0.3}).trigger()
        cuts = iter([True])

        def watch(run: Run) -> None:
            if next(cuts, False):
                connection.connection.close()

        assert run_here(run, watch=watch).status == "succeeded"

    def test_leaves_a_run_alone_that_was_skipped(self) -> None:
        job = make_job()
        job.trigger()

        assert run_here(job.trigger()).status == "skipped"
