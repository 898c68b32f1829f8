from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connections
from django.test import TestCase, TransactionTestCase

from scheduling.attempts.claiming import claim_due, claim_one, give_back, look
from scheduling.models import Run
from tests.factories import NOW, make_job, make_run, make_worker

TASKS = ["tests.echo"]


class ClaimDueTests(TestCase):
    def test_takes_the_run_for_the_worker(self) -> None:
        worker, run = make_worker(), make_run(due_at=NOW)

        (claimed,) = claim_due(worker_id=worker.pk, tasks=TASKS, limit=10, now=NOW)

        run.refresh_from_db()
        assert (claimed.id, claimed.attempt) == (run.pk, 1)
        assert (run.status, run.worker, run.attempt, run.started_at) == ("running", worker, 1, NOW)

    def test_leaves_tasks_that_it_has_no_code_for(self) -> None:
        make_run(due_at=NOW)

        assert claim_due(worker_id=make_worker().pk, tasks=["x"], limit=10, now=NOW) == []

    def test_takes_no_more_than_it_has_room_for(self) -> None:
        runs = [make_run(due_at=NOW) for _ in range(3)]

        claimed = claim_due(worker_id=make_worker().pk, tasks=TASKS, limit=2, now=NOW)

        assert [run.id for run in claimed] == [runs[0].pk, runs[1].pk]

    def test_takes_what_claimable_names(self) -> None:
        later = NOW + timedelta(seconds=1)
        for due_at in (NOW, later, None):
            for expires_at in (None, NOW, NOW - timedelta(seconds=1)):
                for cancelled_at in (None, NOW):
                    make_run(due_at=due_at, expires_at=expires_at, cancel_requested_at=cancelled_at)
        named = list(Run.objects.claimable(NOW).values_list("pk", flat=True))

        claimed = claim_due(worker_id=make_worker().pk, tasks=TASKS, limit=99, now=NOW)

        assert [run.id for run in claimed] == named
        assert len(named) == 2

    def test_next_due_at_tells_when_to_look_again(self) -> None:
        make_run(due_at=NOW)
        make_run(due_at=NOW + timedelta(seconds=30))
        make_run(due_at=NOW + timedelta(seconds=20))

        found = look(worker_id=1, tasks={"thread": TASKS}, rooms={}, now=NOW)

        assert found.next_due_at == NOW + timedelta(seconds=20)

    def test_claim_one_takes_a_run_that_is_not_due_yet(self) -> None:
        run = make_run(due_at=NOW + timedelta(hours=1))

        claimed = claim_one(run.pk, worker_id=make_worker().pk, now=NOW)

        assert claimed is not None
        assert claim_one(run.pk, worker_id=make_worker().pk, now=NOW) is None

    def test_a_run_that_is_given_back_is_as_it_was_before_its_claim(self) -> None:
        worker, run = make_worker(), make_run(due_at=NOW)
        claimed = claim_due(worker_id=worker.pk, tasks=TASKS, limit=10, now=NOW)

        give_back(claimed, worker_id=worker.pk)

        run.refresh_from_db()
        assert (run.status, run.attempt, run.worker, run.started_at) == ("pending", 0, None, None)
        assert len(claim_due(worker_id=worker.pk, tasks=TASKS, limit=10, now=NOW)) == 1


class RaceTests(TransactionTestCase):
    def test_many_workers_take_each_run_once(self) -> None:
        job = make_job(overlap="allow", max_instances=100)
        runs = [make_run(job, due_at=NOW) for _ in range(60)]
        workers = [make_worker() for _ in range(6)]

        def take(worker_id: int) -> list[int]:
            taken: list[int] = []
            while batch := claim_due(worker_id=worker_id, tasks=TASKS, limit=3, now=NOW):
                taken += [run.id for run in batch]
            connections.close_all()
            return taken

        with ThreadPoolExecutor(6) as pool:
            taken = [i for ids in pool.map(take, [w.pk for w in workers]) for i in ids]

        assert sorted(taken) == sorted(run.pk for run in runs)
        assert not Run.objects.exclude(attempt=1).exists()
