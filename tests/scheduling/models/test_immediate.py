from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections
from django.test import TestCase, TransactionTestCase

from scheduling.exceptions import InvalidParams
from scheduling.models import Job, Run
from scheduling.models.immediate import run_at_once
from scheduling.models.requested import RunRequest, request_runs
from tests.factories import NOW, make_job, make_run, make_running_run, make_user, make_worker


def at_once(job: Job, **values: Any) -> Run | None:
    given = {"origin": "manual", "requested_by": None, "now": NOW}
    return run_at_once(job, **{**given, **values})


class ImmediateTests(TestCase):
    def test_writes_the_run_that_the_policies_would_let_start(self) -> None:
        job = make_job(params={"text": "é"}, max_attempts=3, retry_lost=True, owner=make_user())
        user = make_user()

        run = at_once(job, origin="api", requested_by=user)
        assert run is not None
        made = {field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields}
        Run.objects.all().delete()
        (like,) = request_runs(
            {job.key: job.pk}, [RunRequest(key=job.key)], origin="api", requested_by=user, now=NOW
        )

        own = {"id": like.pk, "created_at": like.created_at}
        assert made | own == {name: getattr(like, name) for name in made}

    def test_the_returned_run_is_the_stored_one(self) -> None:
        run = at_once(make_job())

        assert run is not None
        assert Run.objects.values().get() == {
            field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields
        }

    def test_leaves_what_is_not_so_simple_to_the_policies(self) -> None:
        busy, queue = make_job(), make_job(overlap="queue", max_instances=2)
        make_running_run(make_worker(), busy)
        make_run(queue, due_at=None)
        paused, edited, fewer = make_job(), make_job(), make_job(overlap="allow", max_instances=9)
        paused.pause("")
        Job.objects.filter(pk=edited.pk).update(params={"text": "other"})
        Job.objects.filter(pk=fewer.pk).update(max_instances=1)
        before = Run.objects.count()

        for job in (busy, queue, Job.objects.get(pk=paused.pk), edited, fewer):
            assert at_once(job) is None

        assert Run.objects.count() == before

    def test_parameters_that_fit_no_more_are_refused(self) -> None:
        job = make_job()
        Job.objects.filter(pk=job.pk).update(params={"unknown": 1})

        with self.assertRaises(InvalidParams):
            Job.objects.get(pk=job.pk).trigger()

        assert not Run.objects.exists()


class RaceTests(TransactionTestCase):
    def test_no_more_start_than_may_however_many_ask_at_once(self) -> None:
        job = make_job(overlap="allow", max_instances=3)

        def ask(_: int) -> str:
            status: str = Job.objects.get(pk=job.pk).trigger().status
            connections.close_all()
            return status

        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(ask, range(24)))

        assert statuses == ["pending"] * 3 + ["skipped"] * 21
