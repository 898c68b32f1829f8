from __future__ import annotations

from datetime import timedelta

from django.test import TestCase

from scheduling.engine.due import next_fire_time
from scheduling.engine.tick import fire_due_jobs
from scheduling.jobstore import move_clocks
from scheduling.models import Job, Run
from scheduling.options import Options
from tests.factories import NOW, make_job, make_user

DUE = NOW + timedelta(minutes=15)


def tick(after: timedelta = timedelta(0), limit: int = 100) -> int:
    return fire_due_jobs(DUE + after, limit=limit, options=Options()).recorded


class FireDueJobsTests(TestCase):
    def test_writes_the_run_and_moves_the_clock(self) -> None:
        job = make_job(now=NOW)

        tick()

        run = Run.objects.get()
        job.refresh_from_db()
        assert (run.job, run.scheduled_at, run.due_at) == (job, DUE, DUE)
        assert job.next_run_at == DUE + timedelta(minutes=15)

    def test_gives_the_run_what_the_job_says_now(self) -> None:
        owner = make_user()
        job = make_job(
            now=NOW, owner=owner, params={"text": "hi"}, timeout_seconds=9, max_attempts=3,
            backoff_seconds=4, retry_lost=True,
        )  # fmt: skip

        tick()

        run = Run.objects.get()
        assert (run.job_key, run.task, run.params) == (job.key, "tests.echo", {"text": "hi"})
        assert (run.owner, run.origin, run.attempt, run.errors) == (owner, "schedule", 0, [])
        assert (run.timeout_seconds, run.max_attempts, run.backoff_seconds) == (9, 3, 4)
        assert run.retry_lost

    def test_never_writes_an_occurrence_twice(self) -> None:
        job = make_job(now=NOW)
        tick()
        move_clocks([(job.key, DUE)])  # the clock went back

        with self.assertLogs("scheduling.engine.tick", "WARNING"):
            assert tick() == 0
        assert Run.objects.count() == 1

    def test_leaves_jobs_that_are_not_due(self) -> None:
        make_job(now=NOW, trigger_expression="0 0 1 1 *")

        assert tick() == 0

    def test_leaves_paused_jobs(self) -> None:
        make_job(now=NOW).pause("maintenance", now=NOW)

        assert tick() == 0

    def test_leaves_jobs_whose_task_it_has_no_code_for(self) -> None:
        job = make_job(now=NOW)
        Job.objects.filter(pk=job.pk).update(task="newer.task")

        assert tick() == 0
        assert next_fire_time() is None

    def test_takes_the_oldest_first_and_no_more_than_the_batch(self) -> None:
        late = make_job(now=NOW, trigger_expression="10 * * * *")
        make_job(now=NOW)

        result = fire_due_jobs(DUE, limit=1, options=Options())

        assert result.is_full
        assert [run.job for run in Run.objects.all()] == [late]

    def test_finishes_a_job_that_will_not_fire_again(self) -> None:
        job = make_job(now=NOW, trigger_kind="interval", trigger_expression="15m")
        Job.objects.filter(pk=job.pk).update(end_at=DUE)

        tick()

        job.refresh_from_db()
        assert (job.state, job.next_run_at) == ("finished", None)
        assert job.runs.count() == 1

    def test_parks_a_job_whose_trigger_cannot_be_read_and_fires_the_others(self) -> None:
        bad, good = make_job(now=NOW), make_job(now=NOW)
        Job.objects.filter(pk=bad.pk).update(trigger_expression="61 * * * *")

        tick()

        bad.refresh_from_db()
        assert bad.state == "broken"
        assert "The trigger cannot be read" in bad.state_reason
        assert good.runs.count() == 1

    def test_a_long_catch_up_is_written_in_parts(self) -> None:
        for _ in range(30):
            make_job(
                now=NOW, trigger_expression="* * * * *", coalesce=False,
                misfire_grace_seconds=None, overlap="allow", max_instances=1000,
            )  # fmt: skip

        ticks = [
            fire_due_jobs(NOW + timedelta(days=1), limit=50, options=Options()) for _ in range(3)
        ]

        assert [tick.recorded for tick in ticks] == [1000, 1000, 1000]
        assert [tick.is_full for tick in ticks] == [True, True, False]

    def test_takes_a_number_of_queries_that_does_not_grow(self) -> None:
        for _ in range(20):
            make_job(now=NOW)

        # savepoint and its release, due clocks, lock their jobs, open runs, insert, move the clocks
        with self.assertNumQueries(7):
            tick()

    def test_next_fire_time_is_the_earliest_of_all(self) -> None:
        make_job(now=NOW, trigger_expression="0 0 1 1 *")
        job = make_job(now=NOW)

        assert next_fire_time() == job.next_run_at
