"""Lists need the same few queries for two rows as for twenty."""

from __future__ import annotations

from django.utils import timezone

from scheduling.models import Artifact, LogLine
from tests.factories import NOW, make_job, make_run, make_worker
from tests.scheduling.api.case import ApiTestCase


class QueryCountTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.add_rows(2)

    def add_rows(self, count: int) -> None:
        for _ in range(count):
            job = make_job(owner=self.alice)
            self.latest = make_run(job, requested_by=self.alice)
            LogLine.objects.create(run=self.latest, at=NOW, level="INFO", message="")
            Artifact.objects.create(run=self.latest, name="a", size=1, content=b"a", created_at=NOW)

    def assert_queries(self, count: int, path: str) -> None:
        with self.assertNumQueries(count):
            self.assertEqual(self.api.get(path).status_code, 200)
        self.add_rows(18)
        with self.assertNumQueries(count):
            self.assertEqual(self.api.get(path).status_code, 200)

    def test_the_list_of_jobs(self):
        # 1. count  2. jobs with clocks and owners  3. the newest run of each
        self.assert_queries(3, "/api/jobs")

    def test_one_job(self):
        # 1. the job with clock and owner  2. its newest run
        self.assert_queries(2, f"/api/jobs/{self.latest.job_key}")

    def test_the_list_of_runs(self):
        # 1. count  2. runs with who requested them
        self.assert_queries(2, "/api/runs")

    def test_one_run(self):
        # 1. the run with job, owner, worker and who requested it
        self.assert_queries(1, f"/api/runs/{self.latest.pk}")

    def test_the_runs_of_a_job(self):
        # 1. the job  2. count  3. runs with who requested them
        self.assert_queries(3, f"/api/jobs/{self.latest.job_key}/runs")

    def test_the_log_of_a_run(self):
        # 1. the run  2. count  3. lines
        self.assert_queries(3, f"/api/runs/{self.latest.pk}/logs")

    def test_the_files_of_a_run(self):
        # 1. the run  2. count  3. files without their content
        self.assert_queries(3, f"/api/runs/{self.latest.pk}/artifacts")

    def test_the_tasks(self):
        self.assert_queries(0, "/api/tasks")

    def test_the_health(self):
        now = timezone.now()
        make_worker(heartbeat_at=now, started_at=now, last_tick_at=now)
        # 1. schedulers  2. jobs with clocks  3. the newest run of each
        with self.assertNumQueries(3):
            self.api.get("/api/scheduler/health")
        self.add_rows(18)
        with self.assertNumQueries(3):
            self.api.get("/api/scheduler/health")
