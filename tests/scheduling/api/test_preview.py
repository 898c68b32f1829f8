from __future__ import annotations

import time_machine

from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase

BEFORE_THE_CLOCKS_GO_BACK = "2025-10-25T12:00:00Z"
AT_HALF_PAST_TWO = {"kind": "cron", "expression": "30 2 * * *", "timezone": "Europe/Zurich"}


@time_machine.travel(BEFORE_THE_CLOCKS_GO_BACK, tick=False)
class UnsavedPreviewTests(ApiTestCase):
    def test_shows_times_in_words_and_in_the_zone(self):
        body = {"trigger": AT_HALF_PAST_TWO, "count": 2}

        data = self.api.post("/api/jobs/preview", body).data

        self.assertEqual(data["description"], "At 02:30, Europe/Zurich time")
        self.assertEqual(len(data["times"]), 2)
        self.assertEqual(data["times"][1]["at"], "2025-10-27T01:30:00Z")
        self.assertEqual(data["times"][1]["local"], "2025-10-27T02:30:00+01:00")

    def test_marks_times_that_a_change_of_the_clocks_touches(self):
        body = {"trigger": AT_HALF_PAST_TWO, "count": 2}

        first, second = self.api.post("/api/jobs/preview", body).data["times"]

        self.assertEqual(first["mark"], "fold")
        self.assertIn("exists twice", first["note"])
        self.assertEqual((second["mark"], second["note"]), ("", ""))

    def test_counts_an_interval_from_now(self):
        trigger = {"kind": "interval", "expression": "1h"}

        data = self.api.post("/api/jobs/preview", {"trigger": trigger, "count": 1}).data

        self.assertEqual(data["times"][0]["at"], "2025-10-25T13:00:00Z")

    def test_shows_ten_times_unless_asked(self):
        data = self.api.post("/api/jobs/preview", {"trigger": AT_HALF_PAST_TWO}).data

        self.assertEqual(len(data["times"]), 10)

    def test_refuses_what_saving_would_refuse(self):
        wrong = [
            ({"trigger": {**AT_HALF_PAST_TWO, "expression": "99 * * * *"}}, "expression"),
            ({"trigger": {**AT_HALF_PAST_TWO, "end_at": "2025-10-01T00:00:00Z"}}, "end_at"),
            ({"trigger": {"kind": "cron"}}, "expression"),
        ]

        for body, field in wrong:
            response = self.api.post("/api/jobs/preview", body)
            self.assertEqual(response.status_code, 400)
            self.assertIn(field, response.data["trigger"])

    def test_refuses_counts_out_of_bounds(self):
        for count in (0, 101, -1, "10", None, 10**30):
            response = self.api.post(
                "/api/jobs/preview", {"trigger": AT_HALF_PAST_TWO, "count": count}
            )
            self.assertEqual(response.status_code, 400)
            self.assertIn("count", response.data)


class SavedPreviewTests(ApiTestCase):
    def test_starts_with_the_next_fire_time(self):
        job = make_job(key="nightly", owner=self.alice)

        data = self.api.get("/api/jobs/nightly/preview?count=3").data

        self.assertEqual(len(data["times"]), 3)
        self.assertEqual(data["times"][0]["at"], f"{job.next_run_at:%Y-%m-%dT%H:%M:%SZ}")

    def test_refuses_counts_out_of_bounds(self):
        make_job(key="nightly", owner=self.alice)

        for query in (
            "count=0",
            "count=101",
            "count=ten",
            "count=1e1",
            "cuont=5",
            "count=",
            "count=1&count=2",
        ):
            response = self.api.get(f"/api/jobs/nightly/preview?{query}")
            self.assertEqual(response.status_code, 400, query)

    def test_accepts_the_bounds(self):
        make_job(key="nightly", owner=self.alice)

        for count in (1, 100):
            data = self.api.get(f"/api/jobs/nightly/preview?count={count}").data
            self.assertEqual(len(data["times"]), count)
