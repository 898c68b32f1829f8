"""Pages need the same few queries for two rows as for twenty. Nothing here runs a task."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from scheduling.models import Artifact, LogLine
from tests.factories import NOW, make_job, make_run, make_user, make_worker
from tests.scheduling.admin.case import AdminTestCase, job_page, run_page


class QueryCountTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.add_rows(2)

    def add_rows(self, count: int) -> None:
        for _ in range(count):
            job = make_job(owner=make_user())
            ended = {"started_at": NOW, "finished_at": NOW + timedelta(seconds=1)}
            make_run(job, status="failed", attempt=1, error="no file", **ended)
            make_worker()
            self.add_traces(make_run(job, requested_by=self.admin))

    def add_traces(self, run) -> None:
        self.newest = run
        LogLine.objects.create(run=run, at=NOW, level="INFO", logger="tests", message="hi")
        Artifact.objects.create(
            run=run, name="a", content_type="text/plain", size=1, content=b"a", created_at=NOW
        )

    def assert_queries(self, count: int, url: str) -> None:
        self.client.get(url)  # content types and the like are cached
        with self.assertNumQueries(count):
            self.assertEqual(self.client.get(url).status_code, 200)
        self.add_rows(18)
        with self.assertNumQueries(count):
            self.assertEqual(self.client.get(url).status_code, 200)

    def test_the_list_of_jobs(self):
        # 1. session  2. user  3. tasks to filter by  4. owners to filter by  5. count
        # 6. jobs with owners and clocks  7. where the last runs of each begin  8. those runs
        # 9. schedulers, for the warning
        self.assert_queries(9, job_page("changelist"))

    def test_one_job(self):
        # 1. session  2. user  3. the job for its summary  4. and 5. its last runs
        # 6. to 8. the last 30 days  9. the job for its form  10. its owner's name in the form
        # 11. schedulers
        self.assert_queries(11, job_page("change", self.newest.job_id))

    def test_adding_a_job(self):
        # 1. session  2. user  3. the owner's name  4. schedulers
        self.assert_queries(4, job_page("add"))

    def test_the_question_whether_to_delete_a_job(self):
        # 1. session  2. user  3. the job  4. schedulers
        self.assert_queries(4, job_page("delete", self.newest.job_id))

    def test_the_list_of_runs(self):
        # 1. session  2. user  3. count  4. runs with jobs  5. schedulers
        self.assert_queries(5, run_page("changelist"))

    def test_one_run(self):
        # 1. session  2. user  3. the run with job, owner, worker and who requested it
        # 4. log  5. artifacts without content  6. schedulers
        self.assert_queries(6, run_page("change", self.newest.pk))

    def test_what_an_open_run_fetches(self):
        # 1. session  2. user  3. the run  4. log
        self.assert_queries(4, run_page("live", self.newest.pk))

    def test_the_list_of_workers(self):
        # 1. session  2. user  3. count  4. workers  5. schedulers
        self.assert_queries(5, reverse("admin:scheduling_worker_changelist"))

    def test_the_first_page(self):
        # 1. session  2. user  3. venues that are closed to us  4. what is collected of each
        # 5. accounts that nobody looked at  6. what is stale of accounts  7. what is to review
        # 8. jobs by state  9. jobs due next  10. runs by status  11. to 13. the last 30 days
        # 14. last failures with jobs  15. schedulers
        self.assert_queries(15, reverse("admin:index"))
