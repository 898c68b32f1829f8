from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from unittest.mock import patch

from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from scheduling import tallies
from scheduling.models import Job, Run, Tally, TallyMark
from scheduling.reading import at_one_instant
from scheduling.tallies import MARGIN, count_before_deletion, move_mark, totals_by_job
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker


def make_ended_run(job: Job, *, late: float = 0.2, took: float = 2.0, **values) -> Run:
    started_at = NOW + timedelta(seconds=late)
    ended = {
        "status": "succeeded",
        "due_at": NOW,
        "started_at": started_at,
        "finished_at": started_at + timedelta(seconds=took),
    }
    return make_run(job, **{**ended, **values})


def statuses() -> dict[str, dict[str, int]]:
    return {key: dict(total.statuses) for key, total in totals_by_job().items()}


class MarkedTestCase(TestCase):
    """A test that can let the mark catch up with the runs."""

    def setUp(self) -> None:
        self.now = NOW

    def catch_up(self) -> None:
        """Let it see the runs, and then count them."""
        for _ in range(2):
            self.now += MARGIN
            move_mark(self.now)


class TotalsTests(MarkedTestCase):
    def test_ended_runs_are_counted_by_job_and_status(self):
        first, second = make_job(key="first"), make_job(key="second")
        make_ended_run(first)
        make_ended_run(first, status="failed")
        make_ended_run(second)
        make_run(second)

        self.assertEqual(
            statuses(), {"first": {"succeeded": 1, "failed": 1}, "second": {"succeeded": 1}}
        )

    def test_durations_and_lateness_go_to_the_smallest_bound_that_holds_them(self):
        job = make_job(key="job")
        for took in (0.09, 0.11, 4000):
            make_ended_run(job, took=took, late=0.04)

        total = totals_by_job()["job"]
        self.assertEqual(total.durations, {0.1: 1, 0.5: 1, float("inf"): 1})
        self.assertEqual(total.lateness, {0.05: 3})
        self.assertAlmostEqual(total.duration_microseconds, 4_000_200_000, delta=9_000)
        self.assertAlmostEqual(total.lateness_microseconds, 120_000, delta=9_000)

    def test_a_run_that_never_started_has_neither(self):
        make_run(make_job(key="job"), status="missed", finished_at=NOW)

        total = totals_by_job()["job"]
        self.assertEqual((total.statuses, total.durations), ({"missed": 1}, {}))
        self.assertEqual(total.lateness, {})

    def test_the_last_success_is_known(self):
        job = make_job(key="job")
        last = make_ended_run(job, took=5)
        make_ended_run(job, took=3)
        make_ended_run(job, took=60, status="failed")

        self.catch_up()

        self.assertEqual(totals_by_job()["job"].succeeded_at, last.finished_at)

    def test_a_clock_that_went_back_takes_nothing_away(self):
        job = make_job(key="job")
        make_ended_run(job, took=60, late=5)
        before = totals_by_job()["job"]

        make_ended_run(job, took=-60, late=-5)

        after = totals_by_job()["job"]
        self.assertEqual(after.duration_microseconds, before.duration_microseconds)
        self.assertEqual(after.lateness_microseconds, before.lateness_microseconds)

    def test_sums_are_the_same_in_any_order(self):
        job = make_job(key="job")
        for took in (0.1, 0.2, 0.3, 0.7, 1e6, 1e-3):
            make_ended_run(job, took=took, late=took / 3)
            self.catch_up()
        sums = totals_by_job()

        Tally.objects.all().delete()
        TallyMark.objects.all().delete()

        self.assertEqual(totals_by_job(), sums)


class MoveMarkTests(MarkedTestCase):
    def test_the_totals_stay_the_same(self):
        job = make_job(key="job")
        for status in ("succeeded", "failed", "lost"):
            make_ended_run(job, status=status)
        before = totals_by_job()

        self.catch_up()

        self.assertEqual(totals_by_job(), before)
        self.assertEqual(Tally.objects.get().statuses, before["job"].statuses)

    def test_a_run_that_is_as_young_as_a_transaction_may_be_is_left_for_later(self):
        move_mark(NOW)
        run = make_ended_run(make_job())

        move_mark(NOW + MARGIN)
        self.assertLess(TallyMark.objects.get().counted_to, run.pk)

        move_mark(NOW + 2 * MARGIN)
        self.assertEqual(TallyMark.objects.get().counted_to, run.pk)

    def test_a_run_that_ends_long_after_later_ones_is_counted_once(self):
        job = make_job(key="job")
        run = make_running_run(make_worker(), job)
        make_ended_run(job)
        self.catch_up()
        self.assertEqual(TallyMark.objects.get().left_out, [run.pk])

        Run.objects.filter(pk=run.pk).update(status="lost", finished_at=NOW)
        self.assertEqual(statuses(), {"job": {"succeeded": 1, "lost": 1}})

        self.catch_up()
        self.assertEqual(statuses(), {"job": {"succeeded": 1, "lost": 1}})
        self.assertEqual(TallyMark.objects.get().left_out, [])

    def test_many_runs_are_counted_in_several_steps(self):
        job = make_job(key="job")
        for _ in range(8):
            make_ended_run(job)

        with patch.object(tallies, "MOST_RUNS", 3):
            self.catch_up()

        self.assertEqual(TallyMark.objects.get().counted_to, Run.objects.latest("pk").pk)
        self.assertEqual(statuses(), {"job": {"succeeded": 8}})

    def test_ids_that_no_run_has_cost_no_step(self):
        make_ended_run(make_job(key="job"), id=10**12)

        self.catch_up()

        self.assertEqual(TallyMark.objects.get().counted_to, 10**12)

    def test_nothing_is_written_where_nothing_happens(self):
        make_ended_run(make_job())
        make_run()
        self.catch_up()
        self.now += MARGIN

        # The mark twice, the next run, open runs twice, the newest run.
        with self.assertNumQueries(6):
            move_mark(self.now)

    def test_a_clock_that_is_set_back_stops_nothing(self):
        move_mark(NOW + timedelta(days=3650))
        make_ended_run(make_job(key="job"))

        self.catch_up()

        self.assertEqual(Tally.objects.get().statuses, {"succeeded": 1})

    def test_too_many_open_runs_are_not_named_but_looked_at(self):
        job = make_job(key="job", overlap="allow", max_instances=9)
        first, *_ = [make_run(job) for _ in range(3)]
        make_ended_run(job)

        with patch.object(tallies, "MOST_LEFT_OUT", 2):
            self.catch_up()

        self.assertLess(TallyMark.objects.get().counted_to, first.pk)
        self.assertEqual(statuses(), {"job": {"succeeded": 1}})


class DeletionTests(MarkedTestCase):
    def delete(self, *runs: Run) -> None:
        ids = [run.pk for run in runs]
        with transaction.atomic():
            count_before_deletion(ids)
            Run.objects.filter(pk__in=ids).delete()

    def test_runs_that_are_deleted_stay_counted(self):
        job = make_job(key="job")
        counted = make_ended_run(job)
        self.catch_up()
        uncounted = make_ended_run(job, status="failed")

        self.delete(counted, uncounted)

        self.assertEqual(statuses(), {"job": {"succeeded": 1, "failed": 1}})
        self.catch_up()
        self.assertEqual(statuses(), {"job": {"succeeded": 1, "failed": 1}})

    def test_so_does_one_that_had_been_left_out(self):
        run = make_run(make_job(key="job"))
        self.catch_up()
        run.cancel(now=NOW)

        self.delete(run)

        self.assertEqual(statuses(), {"job": {"cancelled": 1}})
        self.assertEqual(TallyMark.objects.get().left_out, [])

    def test_what_gone_jobs_added_up_to_is_kept_together(self):
        jobs = [make_job(key=f"gone-{number}") for number in range(2)]
        runs = [make_ended_run(job) for job in jobs]
        make_ended_run(make_job(key="here"))
        self.catch_up()
        for job in jobs:
            job.remove()
        self.delete(*runs)

        tallies.merge_tallies_of_gone_jobs()

        self.assertEqual(statuses(), {"": {"succeeded": 2}, "here": {"succeeded": 1}})

    def test_a_gone_job_whose_runs_are_here_keeps_its_own(self):
        job = make_job(key="gone")
        make_ended_run(job)
        self.catch_up()
        job.remove()

        tallies.merge_tallies_of_gone_jobs()

        self.assertEqual(statuses(), {"gone": {"succeeded": 1}})


class BoundsTests(TestCase):
    def test_counts_under_bounds_of_an_older_version_go_to_the_next_one_above(self):
        Tally.objects.create(job_key="job", durations={"0.3": 2, "0.5": 1, "9999.0": 4, "inf": 1})

        self.assertEqual(totals_by_job()["job"].durations, {0.5: 3, float("inf"): 5})


class RacesTests(TransactionTestCase):
    def setUp(self) -> None:
        job = make_job(key="job")
        for _ in range(40):
            make_ended_run(job)
        move_mark(NOW)

    def test_several_schedulers_count_each_run_once(self):
        def count(turn: int) -> None:
            move_mark(NOW + MARGIN)
            connection.close()

        with patch.object(tallies, "MOST_RUNS", 4), ThreadPoolExecutor(4) as threads:
            list(threads.map(count, range(12)))

        self.assertEqual(Tally.objects.get().statuses, {"succeeded": 40})

    def test_whoever_looks_meanwhile_sees_each_run_once(self):
        is_over = Event()

        def look() -> set[int]:
            seen = set()
            while not is_over.is_set():
                with at_one_instant():
                    seen.add(statuses()["job"]["succeeded"])
            connection.close()
            return seen

        with patch.object(tallies, "MOST_RUNS", 2), ThreadPoolExecutor(1) as threads:
            looking = threads.submit(look)
            move_mark(NOW + MARGIN)
            for run in Run.objects.order_by("pk"):
                with transaction.atomic():
                    count_before_deletion([run.pk])
                    run.delete()
            is_over.set()

        self.assertEqual(looking.result(), {40})
