from __future__ import annotations

from datetime import timedelta

from scheduling.models import Run
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker
from tests.scheduling.api.case import ApiTestCase

FIELDS = {
    "id", "job", "status", "reason", "origin", "requested_by", "scheduled_at", "started_at",
    "finished_at", "duration_ms", "attempt", "params", "progress", "result", "error",
}  # fmt: skip


class RunTests(ApiTestCase):
    def make_failed_run(self) -> Run:
        return make_run(
            make_job(key="nightly", owner=self.alice),
            status=Run.Status.FAILED,
            attempt=2,
            started_at=NOW,
            finished_at=NOW + timedelta(microseconds=245_310),
            error="No such file",
            traceback="Traceback: ...",
            errors=[{"attempt": 1, "error": "No such host"}],
            requested_by=self.steve,
        )

    def test_a_list_has_the_fields_of_the_contract(self):
        self.make_failed_run()

        (run,) = self.api.get("/api/runs").data["results"]

        self.assertEqual(set(run), FIELDS)
        self.assertEqual(run["job"], "nightly")
        self.assertEqual(run["status"], "failed")
        self.assertEqual(run["requested_by"], "steve")
        self.assertEqual(run["started_at"], "2026-03-02T12:00:00Z")
        self.assertEqual(run["duration_ms"], 245.3)
        self.assertEqual(run["error"], "No such file")
        self.assertIsNone(run["reason"])

    def test_the_detail_tells_the_traceback_and_earlier_attempts(self):
        run = self.make_failed_run()

        data = self.api.get(f"/api/runs/{run.pk}").data

        self.assertLess(FIELDS, set(data))
        self.assertEqual(data["traceback"], "Traceback: ...")
        self.assertEqual(data["errors"], [{"attempt": 1, "error": "No such host"}])
        self.assertEqual(data["owner"], "alice")

    def test_a_running_run_shows_its_progress_and_no_end(self):
        job = make_job(owner=self.alice)
        run = make_running_run(make_worker(), job, progress={"done": 3, "total": 9, "message": ""})

        data = self.api.get(f"/api/runs/{run.pk}").data

        self.assertEqual(data["progress"]["done"], 3)
        self.assertIsNone(data["finished_at"])
        self.assertIsNone(data["duration_ms"])

    def test_the_runs_of_a_job_are_its_own_newest_first(self):
        job = make_job(key="nightly", owner=self.alice)
        first, second = make_run(job), make_run(job)
        make_run(make_job(owner=self.alice))

        data = self.api.get("/api/jobs/nightly/runs").data

        self.assertEqual([run["id"] for run in data["results"]], [second.pk, first.pk])

    def test_a_job_shows_its_newest_run(self):
        job = make_job(key="nightly", owner=self.alice)
        make_run(job)
        newest = make_run(job)

        last_run = self.api.get("/api/jobs/nightly").data["last_run"]

        self.assertEqual(last_run["id"], newest.pk)
        self.assertEqual(last_run["status"], "pending")

    def test_an_id_out_of_range_is_not_found(self):
        for number in ("0", "999", "9" * 19, "9" * 400, "9" * 5000, "-1", "1.5", "x", "1%00"):
            response = self.api.get(f"/api/runs/{number}")
            self.assertEqual(response.status_code, 404, number)
            self.assertEqual(response.json()["code"], "not_found")


class FilterTests(ApiTestCase):
    def ids(self, query: str) -> list[int]:
        response = self.api.get(f"/api/runs?{query}")
        self.assertEqual(response.status_code, 200, response.json())
        return [run["id"] for run in response.data["results"]]

    def test_by_job_also_when_it_was_deleted(self):
        job = make_job(key="nightly", owner=self.alice)
        old = make_run(job)
        job.remove()
        new = make_run(make_job(key="nightly", owner=self.alice))
        make_run(make_job(owner=self.alice))

        self.assertEqual(self.ids("job=nightly"), [new.pk, old.pk])

    def test_by_several_statuses(self):
        job = make_job(owner=self.alice)
        pending = make_run(job)
        failed = make_run(job, status="failed", finished_at=NOW)
        make_run(job, status="succeeded", finished_at=NOW)

        self.assertEqual(self.ids("status=failed&status=pending"), [failed.pk, pending.pk])

    def test_by_origin(self):
        job = make_job(owner=self.alice)
        make_run(job)
        run = make_run(job, origin="api")

        self.assertEqual(self.ids("origin=api"), [run.pk])

    def test_by_half_open_ranges_of_time(self):
        job = make_job(owner=self.alice)
        early = make_run(job, scheduled_at=NOW, created_at=NOW)
        late = make_run(job, scheduled_at=NOW + timedelta(hours=1), created_at=NOW)

        self.assertEqual(self.ids("scheduled_until=2026-03-02T13:00:00Z"), [early.pk])
        self.assertEqual(self.ids("scheduled_from=2026-03-02T14:00:00%2B01:00"), [late.pk])
        self.assertEqual(self.ids("created_from=2026-03-02T12:00:01Z"), [])
        self.assertEqual(len(self.ids("created_until=2026-03-02T12:00:01Z")), 2)

    def test_in_the_order_asked_for(self):
        job = make_job(owner=self.alice)
        late = make_run(job, scheduled_at=NOW + timedelta(hours=1))
        early = make_run(job, scheduled_at=NOW)

        self.assertEqual(self.ids("ordering=scheduled_at"), [early.pk, late.pk])
        self.assertEqual(self.ids("ordering=-scheduled_at"), [late.pk, early.pk])

    def test_a_wrong_filter_is_named(self):
        wrong = [
            ("status=broken", "status", "broken"),
            ("stauts=failed", "stauts", "Did you mean 'status'?"),
            ("job=", "job", "Leave it out"),
            ("job=a&job=b", "job", "once"),
            ("ordering=,,", "ordering", "Leave it out"),
            ("status=failed&status=", "status", "Leave it out"),
            ("scheduled_from=yesterday", "scheduled_from", "format"),
            ("scheduled_from=2026-03-02T12:00:00", "scheduled_from", "offset"),
            ("scheduled_from=2026-03-02T12:00:00+01:00", "scheduled_from", "%2B"),
            ("scheduled_from=2026-13-02T12:00:00Z", "scheduled_from", "wrong format"),
            ("ordering=duration", "ordering", "duration"),
            ("job=a%00b", "job", "Null"),
            ("page_size=0", "page_size", "200"),
            ("page_size=201", "page_size", "200"),
        ]

        for query, field, said in wrong:
            response = self.api.get(f"/api/runs?{query}")
            self.assertEqual(response.status_code, 400, query)
            self.assertIn(said, str(response.data[field]))
            self.assertEqual(response.data["code"], "invalid")
