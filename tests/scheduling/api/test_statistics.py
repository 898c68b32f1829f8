"""GET /api/statistics and /api/jobs/{key}/statistics."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from scheduling.tallies import MARGIN, move_mark
from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase, client_of
from tests.scheduling.test_tallies import make_ended_run

STATUSES = ("succeeded", "degraded", "failed", "timed_out", "cancelled", "lost", "missed")


class StatisticsTests(ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = timezone.now()
        self.job = make_job(key="nightly", owner=self.alice)

    def run_ended(self, **values) -> None:
        values.setdefault("scheduled_at", self.now)
        make_ended_run(values.pop("job", self.job), **values)

    def test_says_what_the_runs_of_a_job_add_up_to(self):
        self.run_ended(took=1, late=0.25)
        self.run_ended(took=2, late=0.75, status="failed")

        data = self.api.get("/api/jobs/nightly/statistics").json()

        today = self.now.date().isoformat()
        self.assertEqual((data["first_date"] < today, data["last_date"]), (True, today))
        self.assertEqual((data["runs"], data["success_rate"]), (2, 0.5))
        self.assertEqual(data["statuses"], {
            **dict.fromkeys(STATUSES, 0), "skipped": 0, "succeeded": 1, "failed": 1,
        })  # fmt: skip
        self.assertAlmostEqual(data["average_duration_ms"], 1500, delta=5)
        self.assertAlmostEqual(data["longest_duration_ms"], 2000, delta=5)
        self.assertAlmostEqual(data["average_lateness_ms"], 500, delta=5)
        self.assertAlmostEqual(data["longest_lateness_ms"], 750, delta=5)
        self.assertEqual(len(data["by_day"]), 30)
        self.assertEqual(data["by_day"][-1]["date"], today)
        self.assertEqual(data["by_day"][-1]["runs"], 2)
        self.assertEqual(data["by_day"][0]["average_duration_ms"], None)

    def test_days_are_counted_with_today(self):
        self.run_ended()
        self.run_ended(scheduled_at=self.now - timedelta(days=1))

        one = self.api.get("/api/jobs/nightly/statistics?days=1").json()
        two = self.api.get("/api/v1/jobs/nightly/statistics/?days=2").json()

        self.assertEqual((one["runs"], one["first_date"]), (1, one["last_date"]))
        self.assertEqual((two["runs"], len(two["by_day"])), (2, 2))

    def test_users_see_their_own_and_staff_all(self):
        self.run_ended()
        self.run_ended(job=make_job(owner=self.bob))

        self.assertEqual(self.api.get("/api/statistics").json()["runs"], 1)
        self.assertEqual(self.staff_api.get("/api/statistics").json()["runs"], 2)
        bobs = client_of(self.bob)
        self.assertEqual(bobs.get("/api/jobs/nightly/statistics").status_code, 404)
        self.assertEqual(client_of(None).get("/api/statistics").status_code, 401)

    def test_days_that_cannot_be_are_refused_by_name(self):
        for path in ("/api/statistics", "/api/jobs/nightly/statistics"):
            for days in ("0", "91", "-1", "many", "1.5", ""):
                with self.subTest(path=path, days=days):
                    response = self.api.get(f"{path}?days={days}")
                    self.assertEqual(response.status_code, 400)
                    self.assertEqual(list(response.json()), ["days", "code"])

    def test_an_unknown_parameter_is_refused(self):
        response = self.api.get("/api/statistics?day=3")

        self.assertEqual(response.status_code, 400)
        self.assertIn("Did you mean 'days'?", response.json()["day"][0])

    def test_the_queries_are_few_however_many_runs_there_are(self):
        for count in (1, 20):
            for _ in range(count):
                self.run_ended()
            # 1. the job  2. the days  3. the mark  4. runs after it
            with self.assertNumQueries(4):
                self.api.get("/api/jobs/nightly/statistics")
            move_mark(self.now)
            move_mark(self.now + MARGIN)
