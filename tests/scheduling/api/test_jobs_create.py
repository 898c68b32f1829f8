from __future__ import annotations

from scheduling.models import Job
from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase, client_of, job_body

EVERY_FIELD = job_body(
    trigger={
        "kind": "cron",
        "expression": "*/15 7-23 * * *",
        "timezone": "Europe/Zurich",
        "start_at": None,
        "end_at": "2099-01-01T00:00:00Z",
        "jitter_seconds": 60,
    },
    params={"text": "hi"},
    description="Says hi.",
    coalesce=False,
    overlap="queue",
    max_instances=2,
    misfire_grace_seconds=None,
    timeout_seconds=120,
    max_attempts=3,
    backoff_seconds=10,
    retry_lost=True,
)


class CreateTests(ApiTestCase):
    def test_answers_with_the_job_and_where_it_is(self):
        response = self.api.post("/api/jobs", job_body())

        self.assertEqual(response.status_code, 201)
        self.assertEqual(response["Location"], "/api/jobs/nightly")
        self.assertEqual(response.data, self.api.get("/api/jobs/nightly").data)

    def test_keeps_every_field_as_it_was_written(self):
        data = self.api.post("/api/jobs", EVERY_FIELD).data

        self.assertEqual({name: data[name] for name in EVERY_FIELD}, EVERY_FIELD)

    def test_adds_what_can_only_be_read(self):
        data = self.api.post("/api/jobs", EVERY_FIELD).data

        self.assertEqual((data["state"], data["state_reason"]), ("active", None))
        self.assertEqual((data["owner"], data["source"]), ("alice", "user"))
        self.assertIsNone(data["last_run"])
        self.assertRegex(data["next_run_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertIn("Every 15 minutes", data["trigger_description"])

    def test_starts_with_the_policies_of_the_task(self):
        body = job_body(task="tests.typed", params={"amount": "1.5"})

        data = self.api.post("/api/jobs", body).data

        self.assertEqual(data["max_attempts"], 3)
        self.assertEqual(data["backoff_seconds"], 7)
        self.assertIs(data["retry_lost"], True)

    def test_prefers_the_policies_of_the_body(self):
        body = job_body(task="tests.typed", params={"amount": "1.5"}, max_attempts=1)

        self.assertEqual(self.api.post("/api/jobs", body).data["max_attempts"], 1)

    def test_takes_a_former_name_of_a_task(self):
        body = job_body(task="tests.former_name", params={"amount": "1.5"})

        self.assertEqual(self.api.post("/api/jobs", body).data["task"], "tests.typed")

    def test_sets_the_clock(self):
        self.api.post("/api/jobs", job_body())

        self.assertIsNotNone(Job.objects.get(key="nightly").next_run_at)

    def test_uses_the_time_zone_of_the_installation(self):
        with self.settings(TIME_ZONE="Europe/Zurich"):
            data = self.api.post("/api/jobs", job_body()).data

        self.assertEqual(data["trigger"]["timezone"], "Europe/Zurich")

    def test_refuses_a_key_that_is_taken(self):
        make_job(key="nightly", owner=self.bob)

        response = self.api.post("/api/jobs", job_body())

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.data["key"], ["Job with this Key already exists."])

    def test_refuses_a_key_that_is_an_address(self):
        response = self.api.post("/api/jobs", job_body(key="preview"))

        self.assertEqual(response.status_code, 400)
        self.assertIn("reserved", response.data["key"][0])


class OwnerTests(ApiTestCase):
    def test_nobody_creates_for_another(self):
        response = self.api.post("/api/jobs", job_body(owner="bob"))

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.data["owner"], ["Only staff may make another user the owner."])

    def test_nobody_learns_who_exists(self):
        existing = self.api.post("/api/jobs", job_body(owner="bob")).data
        unknown = self.api.post("/api/jobs", job_body(owner="nobody")).data

        self.assertEqual(existing, unknown)

    def test_nobody_gives_a_job_away(self):
        make_job(key="nightly", owner=self.alice)

        for owner in ("bob", None):
            response = self.api.patch("/api/jobs/nightly", {"owner": owner})
            self.assertEqual(response.status_code, 400)

    def test_staff_create_for_another(self):
        data = self.staff_api.post("/api/jobs", job_body(owner="bob")).data

        self.assertEqual(data["owner"], "bob")
        self.assertEqual(client_of(self.bob).get("/api/jobs/nightly").status_code, 200)

    def test_staff_keep_a_job_for_staff(self):
        data = self.staff_api.post("/api/jobs", job_body(owner=None)).data

        self.assertIsNone(data["owner"])
        self.assertEqual(self.api.get("/api/jobs/nightly").status_code, 404)

    def test_staff_are_told_of_an_unknown_owner(self):
        response = self.staff_api.post("/api/jobs", job_body(owner="nobody"))

        self.assertEqual(response.data["owner"], ["There is no user of this name."])

    def test_naming_oneself_is_allowed(self):
        response = self.api.post("/api/jobs", job_body(owner="alice"))

        self.assertEqual(response.status_code, 201)
