from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import TestCase, override_settings
from prometheus_client.parser import text_string_to_metric_families

from scheduling.metrics import metrics_text
from scheduling.models import Run
from scheduling.tallies import MARGIN, move_mark
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker


def samples() -> dict[tuple[str, ...], float]:
    """Return the value of each sample, by its name and the values of its labels."""
    families = text_string_to_metric_families(metrics_text(now=NOW).decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def make_ended_run(job, status="succeeded", *, late=0.04, took=2.0) -> Run:
    started_at = NOW - timedelta(minutes=5)
    return make_run(
        job,
        status=status,
        due_at=started_at - timedelta(seconds=late),
        started_at=started_at,
        finished_at=started_at + timedelta(seconds=took),
    )


class RunsTests(TestCase):
    def test_ended_runs_are_counted_by_job_and_status(self):
        job = make_job(key="job")
        make_ended_run(job)
        make_ended_run(job, "failed")

        found = samples()
        self.assertEqual(found["daybook_runs_total", "job", "succeeded"], 1)
        self.assertEqual(found["daybook_runs_total", "job", "failed"], 1)

    def test_what_has_not_happened_is_zero_so_that_its_first_time_is_a_rise(self):
        make_job(key="job")

        found = samples()
        self.assertEqual(found["daybook_runs_total", "job", "lost"], 0)
        self.assertEqual(found["daybook_run_duration_seconds_count", "job"], 0)
        self.assertEqual(found["daybook_runs_pending", "job"], 0)

    def test_durations_are_a_histogram_of_each_job(self):
        job = make_job(key="job")
        for took in (2, 2, 30):
            make_ended_run(job, took=took)

        found = samples()
        name = "daybook_run_duration_seconds"
        buckets = [found[f"{name}_bucket", "job", le] for le in ("1.0", "5.0", "60.0", "+Inf")]
        self.assertEqual(buckets, [0, 2, 3, 3])
        self.assertEqual(found[f"{name}_count", "job"], 3)
        self.assertAlmostEqual(found[f"{name}_sum", "job"], 34, places=2)

    def test_lateness_is_a_histogram_of_all(self):
        make_ended_run(make_job(), late=0.04)
        make_ended_run(make_job(), late=2)

        found = samples()
        name = "daybook_run_lateness_seconds"
        self.assertEqual([found[f"{name}_bucket", le] for le in ("0.05", "+Inf")], [1, 2])

    def test_pending_and_running_runs_are_counted(self):
        job = make_job(key="job", overlap="allow", max_instances=5)
        make_run(job, due_at=NOW - timedelta(seconds=90))
        make_run(job, due_at=NOW + timedelta(seconds=90))
        make_run(job, due_at=None)
        make_running_run(make_worker(), job)

        found = samples()
        self.assertEqual(found["daybook_runs_pending", "job"], 3)
        self.assertEqual(found["daybook_runs_running", "job"], 1)
        self.assertEqual(found["daybook_pending_age_seconds",], 90)

    def test_the_last_success_is_told(self):
        run = make_ended_run(make_job(key="job"))

        last = samples()["daybook_last_success_timestamp_seconds", "job"]
        self.assertAlmostEqual(last, run.finished_at.timestamp(), places=2)

    def test_a_deleted_job_has_no_series_and_still_counts_in_lateness(self):
        job = make_job(key="job")
        make_ended_run(job)
        job.remove()

        found = samples()
        self.assertNotIn(("daybook_runs_total", "job", "succeeded"), found)
        self.assertEqual(found["daybook_run_lateness_seconds_count",], 1)

    @override_settings(METRICS_WITHOUT_JOBS=True)
    def test_the_jobs_can_be_left_out(self):
        for key in ("one", "two"):
            make_ended_run(make_job(key=key))
        make_run(make_job())

        found = samples()
        self.assertEqual(found["daybook_runs_total", "succeeded"], 2)
        self.assertEqual(found["daybook_run_duration_seconds_count",], 2)
        self.assertEqual(found["daybook_runs_pending",], 1)


class ProcessesTests(TestCase):
    def test_workers_are_told(self):
        make_worker(capacity=22, database_errors=3, name="host:1")
        make_worker(capacity=22, trouble="OperationalError: gone")
        make_worker(capacity=22, heartbeat_at=NOW - timedelta(minutes=1))

        found = samples()
        self.assertEqual(found["daybook_workers_alive",], 2)
        self.assertEqual(found["daybook_workers_capacity",], 44)
        self.assertEqual(found["daybook_workers_in_trouble",], 1)
        self.assertEqual(found["daybook_database_errors_total", "host:1"], 3)

    def test_a_name_that_two_workers_had_is_told_once(self):
        make_worker(name="pod:1", database_errors=9, started_at=NOW - timedelta(days=1))
        make_worker(name="pod:1", database_errors=1)

        self.assertEqual(metrics_text(now=NOW).count(b'worker="pod:1"'), 1)
        self.assertEqual(samples()["daybook_database_errors_total", "pod:1"], 1)

    def test_the_age_of_the_last_tick_is_that_of_any_scheduler(self):
        for seconds in (3, 300):
            make_worker(last_tick_at=NOW - timedelta(seconds=seconds))

        self.assertEqual(samples()["daybook_tick_age_seconds",], 3)

    def test_it_grows_also_after_the_last_good_bye(self):
        gone = NOW - timedelta(hours=1)
        make_worker(last_tick_at=gone, heartbeat_at=gone, stopped_at=gone)

        self.assertEqual(samples()["daybook_tick_age_seconds",], 3600)

    def test_jobs_are_counted_by_state(self):
        make_job()
        make_job().park("Its task is unknown.")

        found = samples()
        self.assertEqual([found["daybook_jobs", state] for state in ("active", "broken")], [1, 1])
        self.assertEqual(found["daybook_jobs", "paused"], 0)


class CostTests(TestCase):
    def test_the_number_of_queries_does_not_grow(self):
        for _ in range(5):
            make_ended_run(make_job())
        move_mark(NOW)
        move_mark(NOW + MARGIN)
        make_ended_run(make_job())

        # Workers: sums, last tick, errors. Jobs: states, keys. Runs: mark, tallies, later ones,
        # pending, held, running, the longest waiting.
        with self.assertNumQueries(12):
            metrics_text(now=NOW)


@pytest.mark.django_db
def test_without_a_database_that_is_all_it_says():
    def refuse(*args: object) -> None:
        raise OperationalError("gone fishing")

    with connection.execute_wrapper(refuse):
        assert samples() == {("daybook_database_up",): 0}
