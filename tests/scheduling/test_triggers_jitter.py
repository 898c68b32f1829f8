"""Jitter through the tick and the database: it delays the start of a run and nothing else."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import TestCase

from scheduling.engine.tick import fire_due_jobs
from scheduling.models import Job, Run
from scheduling.options import Options
from tests.factories import NOW, make_job

MINUTE = timedelta(minutes=1)
A_DAY = 288  # times five minutes


def jittery_job(*, now: datetime = NOW, **values: Any) -> Job:
    """Put a job that fires every five minutes, also while its runs wait."""
    defaults = {"trigger_expression": "*/5 * * * *", "overlap": "allow", "max_instances": 1000}
    return make_job(now=now, **{**defaults, **values})


def next_run_at(job: Job) -> datetime:
    at = Job.objects.get(pk=job.pk).next_run_at
    assert at is not None
    return at


def tick(now: datetime) -> None:
    fire_due_jobs(now, limit=100, options=Options())


def fire(job: Job, count: int) -> list[Run]:
    """Tick `count` times, each up to a second late as schedulers are, and return the runs."""
    for _ in range(count):
        tick(next_run_at(job) + timedelta(seconds=random.random()))  # noqa: S311
    return list(job.runs.order_by("scheduled_at"))


def delays(runs: list[Run]) -> list[timedelta]:
    return [run.due_at - run.scheduled_at for run in runs if run.due_at is not None]


class JitterTests(TestCase):
    def test_288_runs_of_five_minutes_drift_by_nothing(self) -> None:
        for kind, expression in (("cron", "*/5 * * * *"), ("interval", "5m")):
            with self.subTest(kind=kind):
                job = jittery_job(
                    trigger_kind=kind, trigger_expression=expression, jitter_seconds=30
                )

                runs = fire(job, A_DAY)

                slots = [NOW + 5 * MINUTE * n for n in range(1, A_DAY + 1)]
                assert [run.scheduled_at for run in runs] == slots
                assert next_run_at(job) == slots[-1] + 5 * MINUTE

    def test_each_run_is_delayed_by_itself_and_by_no_more_than_the_jitter(self) -> None:
        found = delays(fire(jittery_job(jitter_seconds=30), A_DAY))

        assert len(found) == A_DAY
        assert timedelta() <= min(found) < timedelta(seconds=5)
        assert timedelta(seconds=25) < max(found) <= timedelta(seconds=30)
        assert len(set(found)) > A_DAY / 2

    def test_no_run_waits_until_the_next_fire_time_however_large_the_jitter(self) -> None:
        job = jittery_job(jitter_seconds=3600)

        runs = fire(job, A_DAY // 3)

        following = [*(run.scheduled_at for run in runs[1:]), next_run_at(job)]
        assert all(run.due_at < at for run, at in zip(runs, following, strict=True) if run.due_at)
        assert max(delays(runs)) > 4 * MINUTE

    def test_nor_where_several_fire_times_are_caught_up_with(self) -> None:
        job = jittery_job(jitter_seconds=3600, coalesce=False, misfire_grace_seconds=None)

        tick(NOW + 62 * MINUTE)

        runs = list(job.runs.order_by("scheduled_at"))
        following = [*(run.scheduled_at for run in runs[1:]), next_run_at(job)]
        assert len(runs) == 12
        assert all(run.due_at < at for run, at in zip(runs, following, strict=True) if run.due_at)

    def test_nor_where_the_clocks_go_back(self) -> None:
        before = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # 01:30 in Zurich, summer time
        job = jittery_job(
            now=before,
            trigger_expression="0 * * * *",
            timezone="Europe/Zurich",
            jitter_seconds=7200,
        )

        first, second, third = fire(job, 3)

        assert first.scheduled_at == before + 30 * MINUTE
        assert [second.scheduled_at, third.scheduled_at] == [
            first.scheduled_at + 60 * MINUTE, first.scheduled_at + 120 * MINUTE,
        ]  # fmt: skip
        assert max(delays([first, second])) < 60 * MINUTE

    def test_a_run_starts_when_its_delay_is_over_and_stands_for_its_fire_time(self) -> None:
        (run,) = fire(jittery_job(jitter_seconds=30), 1)
        assert run.due_at is not None

        assert not Run.objects.claimable(run.due_at - timedelta(microseconds=1)).exists()
        assert Run.objects.claimable(run.due_at).get().scheduled_at == NOW + 5 * MINUTE

    def test_an_edit_of_the_jitter_moves_no_fire_time(self) -> None:
        job = jittery_job(trigger_kind="interval", trigger_expression="5m", jitter_seconds=30)
        fire(job, 2)

        job.refresh_from_db()
        job.jitter_seconds = 300
        job.put(now=NOW + 12 * MINUTE)
        runs = fire(job, 2)

        assert [run.scheduled_at for run in runs] == [NOW + 5 * MINUTE * n for n in (1, 2, 3, 4)]
