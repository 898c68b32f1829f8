from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import TestCase, override_settings

from scheduling.health import scheduler_health
from scheduling.models import Job, Run, Worker
from tests.factories import make_job, make_run, make_user, make_worker
from tests.scheduling.api.case import client_of

NOW = datetime(2025, 10, 2, 14, 30, tzinfo=UTC)
OFF = {
    "ok": False,
    "enabled": False,
    "message": "Scheduler not running (RUN_SCHEDULER != 1)",
    "jobs": {},
}


def health() -> dict[str, Any]:
    return scheduler_health(Job.objects.all(), now=NOW)


def make_scheduler(*, age: float = 0, **values: Any) -> Worker:
    """Save a scheduler that last ticked `age` seconds ago."""
    ticked_at = NOW - timedelta(seconds=age)
    return make_worker(heartbeat_at=NOW, started_at=NOW, last_tick_at=ticked_at, **values)


class EnabledTests(TestCase):
    def test_nobody_is_meant_to_run(self):
        self.assertEqual(health(), OFF)

    def test_a_scheduler_that_ended_in_good_order_is_not_missed(self):
        make_scheduler(age=60, stopped_at=NOW)

        self.assertEqual(health(), OFF)

    def test_a_worker_that_fires_no_jobs_does_not_count(self):
        make_scheduler(is_scheduler=False)

        self.assertEqual(health(), OFF)

    def test_one_that_ticks_is_well(self):
        make_job(key="nightly", name="Nightly")
        make_scheduler(age=19)

        data = health()

        self.assertIs(data["ok"], True)
        self.assertIs(data["enabled"], True)
        self.assertEqual(set(data), {"ok", "enabled", "jobs_count", "jobs", "next_runs"})

    def test_one_that_has_just_started_is_well(self):
        make_worker(heartbeat_at=NOW, started_at=NOW)

        self.assertIs(health()["ok"], True)

    def test_one_of_several_that_ticks_is_enough(self):
        make_scheduler(age=3600)
        make_scheduler(age=1, trouble="OperationalError: database is locked")
        make_scheduler(age=1)

        self.assertIs(health()["ok"], True)

    def test_one_that_hangs_is_not_well_however_alive_it_says_it_is(self):
        make_scheduler(age=95, name="host:7")

        data = health()

        self.assertIs(data["ok"], False)
        self.assertIs(data["enabled"], True)
        self.assertEqual(
            data["message"],
            "The scheduler host:7 has not looked for due jobs since 2025-10-02 14:28:25Z "
            "(95 s ago). Restart it.",
        )
        self.assertEqual(data["jobs_count"], 0)

    def test_one_whose_ticks_fail_says_why_and_since_when(self):
        make_scheduler(age=5, name="host:7", trouble="OperationalError: disk is full")

        self.assertEqual(
            health()["message"],
            "The scheduler host:7 has not succeeded since 2025-10-02 14:29:55Z (5 s ago): "
            "OperationalError: disk is full",
        )

    def test_one_that_ticks_and_does_not_fire_what_is_due_is_not_well(self):
        make_job(now=NOW - timedelta(minutes=16))  # due a minute ago
        worker = make_scheduler()
        just_started = health()["ok"]

        Worker.objects.filter(pk=worker.pk).update(started_at=NOW - timedelta(minutes=5))

        self.assertIs(just_started, True)
        self.assertEqual(
            health()["message"],
            "A job has been due since 2025-10-02 14:15:00Z (15 min ago) and is not fired. "
            "Its row may be locked.",
        )

    @override_settings(RUN_SCHEDULER=True)
    def test_one_that_never_came_is_not_well(self):
        data = health()

        self.assertEqual((data["ok"], data["enabled"]), (False, True))
        self.assertIn("none has ever started", data["message"])

    @override_settings(RUN_SCHEDULER=True)
    def test_says_when_the_last_one_ended(self):
        make_scheduler(stopped_at=NOW)

        self.assertIn(f"the last one ended at {NOW:%Y-%m-%d %H:%M:%S}Z", health()["message"])

    def test_how_long_a_tick_may_take_is_an_option(self):
        make_scheduler(age=30)

        self.assertIs(health()["ok"], False)
        with self.settings(SCHEDULING_TICK_ALARM=60):
            self.assertIs(health()["ok"], True)


class JobsTests(TestCase):
    def job_health(self, **run: Any) -> dict[str, Any]:
        make_scheduler()
        job = make_job(key="pnl_intraday", name="P&L Snapshot Intraday", now=NOW)
        if run:
            make_run(job, **run)
        data: dict[str, Any] = health()["jobs"]["pnl_intraday"]
        return data

    def test_a_job_has_its_last_and_its_next_run(self):
        data = self.job_health(
            status=Run.Status.SUCCEEDED,
            started_at=NOW,
            finished_at=NOW + timedelta(milliseconds=245, microseconds=300),
        )

        self.assertEqual(
            data,
            {
                "last_run": "2025-10-02T14:30:00Z",
                "status": "success",
                "duration_ms": 245.3,
                "error": None,
                "next_run": "2025-10-02T14:45:00Z",
                "name": "P&L Snapshot Intraday",
            },
        )

    def test_next_runs_come_in_their_order(self):
        make_scheduler()
        make_job(key="a", name="A", now=NOW, trigger_expression="0 16 * * *")
        make_job(key="b", name="B", now=NOW, trigger_expression="0 15 * * *")
        make_job(key="c", now=NOW).pause("Holidays")

        self.assertEqual(
            list(health()["next_runs"].items()),
            [
                ("b", {"name": "B", "next_run": "2025-10-02T15:00:00Z"}),
                ("a", {"name": "A", "next_run": "2025-10-02T16:00:00Z"}),
            ],
        )
        self.assertEqual(health()["jobs_count"], 3)

    def test_a_job_that_never_ran_says_nothing(self):
        data = self.job_health()

        self.assertIsNone(data["last_run"])
        self.assertIsNone(data["status"])
        self.assertIsNone(data["duration_ms"])

    def test_each_status_has_its_word(self):
        words = {
            "succeeded": "success", "failed": "error", "timed_out": "timeout",
            "degraded": "degraded", "cancelled": "cancelled", "lost": "lost",
            "missed": "missed", "skipped": "skipped", "pending": "pending",
        }  # fmt: skip
        make_scheduler()
        job = make_job(key="a")

        for status, word in words.items():
            make_run(job, status=status, finished_at=None if status == "pending" else NOW)
            self.assertEqual(health()["jobs"]["a"]["status"], word)

    def test_an_error_is_told(self):
        data = self.job_health(status=Run.Status.FAILED, finished_at=NOW, error="No such file")

        self.assertEqual((data["status"], data["error"]), ("error", "No such file"))

    def test_a_reason_is_told_where_there_is_no_error(self):
        data = self.job_health(status=Run.Status.LOST, finished_at=NOW, reason="Its worker died.")

        self.assertEqual((data["status"], data["error"]), ("lost", "Its worker died."))

    def test_a_broken_job_says_why(self):
        make_scheduler()
        make_job(key="a").park("No installed app has its task.")

        self.assertEqual(health()["jobs"]["a"]["error"], "No installed app has its task.")


class EndpointTests(TestCase):
    def test_answers_200_where_none_is_meant_to_run(self):
        response = client_of(make_user()).get("/api/scheduler/health")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), OFF)

    def test_answers_200_when_well_and_503_when_not(self):
        api = client_of(make_user())
        now = datetime.now(UTC)
        scheduler = make_worker(heartbeat_at=now, last_tick_at=now)

        self.assertEqual(api.get("/api/scheduler/health").status_code, 200)
        scheduler.last_tick_at = now - timedelta(hours=1)
        scheduler.save()
        response = api.get("/api/scheduler/health")

        self.assertEqual(response.status_code, 503)
        self.assertIs(response.json()["enabled"], True)
        self.assertIn("60 min ago", response.json()["message"])
