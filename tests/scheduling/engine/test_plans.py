"""What runs again and again reads indexes, not tables, also when the planner has statistics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from scheduling.attempts.claiming import claim_due, look
from scheduling.engine import sweeping
from scheduling.engine.due import next_fire_time
from scheduling.engine.silence import Silence
from scheduling.engine.tick import fire_due_jobs
from scheduling.models import Job, Run, Worker
from scheduling.models.loads import loads
from scheduling.options import Options
from scheduling.registry import registry
from tests.factories import NOW, make_job, make_worker
from tests.many_rows import copy_job, make_many_rows

LEASE = timedelta(seconds=30)
LATER = NOW + timedelta(minutes=10)
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
WHOLE = {"sqlite": "SCAN {}", "postgresql": "Seq Scan on {}"}


def plans_of(step: Callable[[], object]) -> str:
    """Return how the database does what `step` asks of it."""
    with CaptureQueriesContext(connection) as captured:
        step()
    plans = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if query["sql"].startswith(("SELECT", "UPDATE", "WITH")):
                cursor.execute(f"{EXPLAIN[connection.vendor]} {query['sql']}")
                plans += [str(row[-1]) for row in cursor.fetchall()]
    return "\n".join(plans)


class PlanTests(TestCase):
    worker: Worker

    @classmethod
    def setUpTestData(cls) -> None:
        cls.worker = make_worker(heartbeat_at=NOW)
        make_many_rows(now=NOW)
        Run.objects.update(worker=cls.worker)

    def assert_reads_not_all(self, table: str, step: Callable[[], object]) -> None:
        plans = plans_of(step)

        self.assertTrue(plans)
        self.assertNotIn(WHOLE[connection.vendor].format(table), plans)

    def test_no_step_reads_all_runs(self) -> None:
        worker_id, tasks = self.worker.pk, registry.all_names()
        job_ids = list(Job.objects.values_list("pk", flat=True)[:50])
        silence = Silence(own_id=0, lease=LEASE, beat=LEASE)
        steps: dict[str, Callable[[], object]] = {
            "claim": lambda: claim_due(worker_id=worker_id, tasks=tasks, limit=50, now=LATER),
            "look": lambda: look(
                worker_id=worker_id, tasks={"thread": tasks}, rooms={"thread": 50}, now=LATER
            ),
            "loads": lambda: loads(job_ids),
            "missed": lambda: sweeping.miss_expired_runs(LATER),
            "held": lambda: sweeping.release_held_runs(LATER),
            "lost": lambda: sweeping.lose_all_runs(worker_id, LATER, "lost"),
            "silent": lambda: silence.look(LATER),
            "dead": lambda: sweeping.bury(Worker.objects.dead(LATER, LEASE), LATER),
            "unknown": lambda: sweeping.skip_runs_of_unknown_tasks(LATER, LEASE),
        }

        for name, step in steps.items():
            with self.subTest(name):
                self.assert_reads_not_all("scheduling_run", step)

    def test_the_runs_of_the_dead_are_not_read_either(self) -> None:
        silence = Silence(own_id=0, lease=LEASE, beat=LEASE)

        plans = plans_of(lambda: silence.look(LATER))

        self.assertNotIn("scheduling_run_worker_id", plans)
        # The running ones of the worker, or all that are running: the planner may take either.
        self.assertRegex(plans, "run_running_by_worker|run_history_by_status")

    def test_the_next_fire_time_is_the_first_in_the_index(self) -> None:
        plans = plans_of(next_fire_time)

        self.assertNotIn(WHOLE[connection.vendor].format("scheduling_job"), plans)
        self.assertNotIn("ORDER BY", plans)
        self.assertNotIn("Sort", plans)


class WithoutStatisticsTests(TestCase):
    def test_due_jobs_are_found_by_their_clocks(self) -> None:
        copy_job(make_job(now=NOW))
        steps = {
            "next fire time": next_fire_time,
            "tick": lambda: fire_due_jobs(NOW, limit=50, options=Options()),
        }

        for name, step in steps.items():
            with self.subTest(name):
                plans = plans_of(step)
                self.assertIn("next_run_time", plans)
                self.assertNotIn("job_by_state_and_task", plans)
                self.assertNotIn(WHOLE[connection.vendor].format("scheduling_job"), plans)
