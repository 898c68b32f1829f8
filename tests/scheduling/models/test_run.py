from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase

from scheduling.admission import Load
from scheduling.exceptions import JobConflict, NotCancellable
from scheduling.models import Run
from scheduling.models.loads import loads
from tests.factories import NOW, make_job, make_run, make_running_run, make_user, make_worker


class DatabaseRulesTests(TestCase):
    def assert_refused(self, constraint: str, **values: object) -> None:
        run = make_run()
        with self.assertRaisesMessage(IntegrityError, constraint), transaction.atomic():
            Run.objects.filter(pk=run.pk).update(**values)

    def test_a_fire_time_has_one_run(self) -> None:
        job = make_job()
        make_run(job, origin="schedule", scheduled_at=NOW)

        with pytest.raises(IntegrityError), transaction.atomic():
            make_run(job, origin="schedule", scheduled_at=NOW)

    def test_a_running_run_has_a_worker(self) -> None:
        self.assert_refused("run_running_has_a_worker", status="running")

    def test_a_run_that_ended_has_an_end(self) -> None:
        self.assert_refused("run_finished_when_status_is_final", status="succeeded")

    def test_an_unknown_status_is_refused(self) -> None:
        self.assert_refused("run_finished_when_status_is_final", status="done")


class CancelTests(TestCase):
    def test_ends_a_pending_run_at_once(self) -> None:
        run = make_run()

        run.cancel(by=make_user("alice"), now=NOW)

        assert (run.status, run.reason) == ("cancelled", "Cancelled by alice.")
        assert run.finished_at == NOW

    def test_asks_the_worker_of_a_running_run(self) -> None:
        run = make_running_run(make_worker())

        run.cancel(now=NOW)

        assert (run.status, run.cancel_requested_at) == ("running", NOW)

    def test_refuses_a_run_that_ended(self) -> None:
        run = make_run(status="succeeded", finished_at=NOW)

        with pytest.raises(NotCancellable, match="Succeeded"):
            run.cancel()


class RunAgainTests(TestCase):
    def test_computes_for_the_same_instant_with_the_same_parameters(self) -> None:
        old = make_run(
            make_job(), status="failed", finished_at=NOW, params={"text": "old"}, origin="schedule"
        )

        new = old.run_again(by=make_user())

        assert (new.scheduled_at, new.params) == (old.scheduled_at, {"text": "old"})
        assert new.origin == "manual"

    def test_takes_nothing_of_the_job_s_present_parameters(self) -> None:
        job = make_job(params={"text": "new", "times": 5})
        old = make_run(job, status="failed", finished_at=NOW, params={"text": "old"})

        assert old.run_again().params == {"text": "old"}

    def test_refuses_when_the_job_was_deleted(self) -> None:
        run = make_run(status="failed", finished_at=NOW)
        assert run.job is not None
        run.job.remove()
        run.refresh_from_db()

        with pytest.raises(JobConflict, match="was deleted"):
            run.run_again()


class QuerySetTests(TestCase):
    def test_visible_to_shows_a_user_his_own_and_staff_all(self) -> None:
        alice, bob, staff = make_user(), make_user(), make_user(is_staff=True)
        make_run(make_job(owner=alice))

        visible = [Run.objects.visible_to(user).count() for user in (alice, bob, staff)]

        assert visible == [1, 0, 1]

    def test_claimable_gives_what_is_due_and_not_expired_oldest_first(self) -> None:
        second = make_run(due_at=NOW)
        first = make_run(due_at=NOW - timedelta(seconds=5))
        make_run(due_at=NOW + timedelta(seconds=5))
        make_run(due_at=None)
        make_run(due_at=NOW, expires_at=NOW - timedelta(seconds=1))

        assert list(Run.objects.claimable(NOW)) == [first, second]

    def test_loads_counts_active_and_waiting_runs_of_each_job(self) -> None:
        job, idle = make_job(), make_job()
        make_run(job)
        make_running_run(make_worker(), job)
        make_run(job, due_at=None)
        make_run(idle, status="failed", finished_at=NOW)

        assert loads([job.pk, idle.pk]) == {job.pk: Load(active=2, waiting=1)}

    def test_recent_per_job_gives_the_newest_of_each_in_two_queries(self) -> None:
        busy, quiet, new = make_job(), make_job(), make_job()
        runs = [make_run(busy) for _ in range(5)]
        only = make_run(quiet)

        with self.assertNumQueries(2):
            recent = Run.objects.recent_per_job([busy.pk, quiet.pk, new.pk], 3)

        assert recent == {busy.pk: [runs[4], runs[3], runs[2]], quiet.pk: [only]}
