"""Two requests at once, on real connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection
from django.test import TransactionTestCase

from scheduling.models import Job, Run
from tests.factories import make_job, make_run, make_user
from tests.scheduling.api.case import client_of, job_body


def at_once(calls: Sequence[Callable[[], Any]]) -> list[int]:
    """Return the status of each answer, lowest first."""
    barrier = Barrier(len(calls))

    def request(call: Callable[[], Any]) -> int:
        barrier.wait()
        try:
            return int(call().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(request, calls))


class RaceTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = make_user("alice")

    def test_one_of_two_creates_a_job_of_the_same_key(self):
        clients = [client_of(self.alice) for _ in range(4)]

        codes = at_once([lambda c=c: c.post("/api/jobs", job_body()) for c in clients])

        self.assertEqual(codes, [201, 400, 400, 400])
        self.assertEqual(Job.objects.count(), 1)

    def test_changes_of_different_fields_all_stand(self):
        make_job(key="nightly", owner=self.alice)
        changes = [{"name": "New"}, {"description": "Says hi."}, {"timeout_seconds": 33}]
        patch = "/api/jobs/nightly"

        codes = at_once([lambda c=c: client_of(self.alice).patch(patch, c) for c in changes])

        self.assertEqual(codes, [200, 200, 200])
        job = Job.objects.get()
        self.assertEqual((job.name, job.description, job.timeout_seconds), ("New", "Says hi.", 33))

    def test_a_job_that_is_deleted_meanwhile_does_not_come_back(self):
        make_job(key="nightly", owner=self.alice)
        one, other = client_of(self.alice), client_of(self.alice)

        codes = at_once(
            [
                lambda: one.delete("/api/jobs/nightly"),
                lambda: other.patch("/api/jobs/nightly", {"name": "New"}),
            ]
        )

        self.assertIn(codes, ([200, 204], [204, 404]))
        self.assertFalse(Job.objects.exists())

    def test_a_run_is_cancelled_once(self):
        run = make_run(make_job(owner=self.alice))
        clients = [client_of(self.alice) for _ in range(3)]

        codes = at_once([lambda c=c: c.delete(f"/api/runs/{run.pk}") for c in clients])

        self.assertEqual(codes, [200, 409, 409])
        self.assertEqual(Run.objects.get().status, "cancelled")
