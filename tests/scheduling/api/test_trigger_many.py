from __future__ import annotations

from django.db import connection

from scheduling.models import Run
from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase

ADDRESS = "/api/jobs/trigger"


class TriggerManyTests(ApiTestCase):
    def test_requests_all_runs_in_their_order(self):
        make_job(key="one", owner=self.alice)
        make_job(key="two", owner=self.alice)

        response = self.api.post(ADDRESS, [{"job": "two", "params": {"text": "a"}}, {"job": "one"}])

        self.assertEqual(response.status_code, 202)
        self.assertEqual([run["job"] for run in response.data], ["two", "one"])
        runs = Run.objects.in_bulk([run["id"] for run in response.data])
        first, second = (runs[run["id"]] for run in response.data)
        self.assertEqual((first.params, second.params), ({"text": "a"}, {}))
        self.assertEqual((first.origin, first.requested_by), ("api", self.alice))

    def test_the_overlap_policy_counts_the_runs_of_one_list(self):
        make_job(key="one", owner=self.alice)

        response = self.api.post(ADDRESS, [{"job": "one"}] * 3)

        statuses = [run["status"] for run in response.data]
        self.assertEqual(statuses, ["pending", "skipped", "skipped"])
        self.assertEqual(response.data[1]["reason"], "1 run of this job had not ended.")

    def test_a_job_of_another_user_is_none_and_nothing_is_requested(self):
        make_job(key="mine", owner=self.alice)
        make_job(key="his", owner=self.bob)

        response = self.api.post(ADDRESS, [{"job": "mine"}, {"job": "his"}])

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.data["job"], ["There is no job his."])
        self.assertFalse(Run.objects.exists())

    def test_names_the_request_whose_parameters_are_wrong(self):
        make_job(key="one", owner=self.alice, overlap="allow", max_instances=9)

        response = self.api.post(ADDRESS, [{"job": "one"}, {"job": "one", "params": {"x": 1}}])

        self.assertEqual(response.status_code, 400)
        self.assertIn("Unknown parameter", response.data["1"][0])
        self.assertFalse(Run.objects.exists())

    def test_refuses_what_is_no_list_of_requests(self):
        for body in ({}, [], [{}], [{"job": "one", "when": 1}], "x", [{"job": "one"}] * 10_001):
            with self.subTest(body=str(body)[:40]):
                self.assertEqual(self.api.post(ADDRESS, body).status_code, 400)

    def test_reads_the_jobs_once(self):
        make_job(key="one", owner=self.alice, overlap="allow", max_instances=999)

        statements = 6 if connection.vendor == "postgresql" else 8  # two of them go together
        with self.assertNumQueries(statements):
            self.api.post(ADDRESS, [{"job": "one"}] * 30)
