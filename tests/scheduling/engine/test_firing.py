from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import TestCase

from scheduling.admission import Load
from scheduling.engine.firing import DueJob, Firing, fire, fire_job
from scheduling.models import Run
from scheduling.options import Options
from tests.factories import NOW, make_job

SLOT = NOW  # a fire time of */15
OPTIONS = Options(catch_up_cap=10, queue_cap=100)


def due_job(**values: Any) -> DueJob:
    defaults: dict[str, Any] = {
        "id": 1, "key": "pnl", "task": "tests.echo", "trigger_kind": "cron",
        "trigger_expression": "*/15 * * * *", "timezone": "UTC", "start_at": None, "end_at": None,
        "jitter_seconds": 0, "anchor_at": SLOT, "coalesce": True, "overlap": "allow",
        "max_instances": 1000, "misfire_grace_seconds": 300, "next_run_at": SLOT,
    }  # fmt: skip
    return DueJob(**{**defaults, **values})


def fired(job: DueJob, *, after: timedelta, random_part: float = 0.0, **load: int) -> Firing:
    return fire_job(
        job,
        now=SLOT + after,
        load=Load(**load),
        options=OPTIONS,
        random_part=lambda: random_part,
    )


def statuses(firing: Firing) -> list[str]:
    return [occurrence.status for occurrence in firing.occurrences]


class TestOnTime:
    def test_gives_one_run_for_its_fire_time_and_moves_the_clock(self) -> None:
        firing = fired(due_job(), after=timedelta(milliseconds=20))

        (occurrence,) = firing.occurrences
        assert (occurrence.status, occurrence.scheduled_at) == ("pending", SLOT)
        assert firing.next_at == SLOT + timedelta(minutes=15)

    def test_the_run_is_missed_if_it_does_not_start_within_the_grace(self) -> None:
        (occurrence,) = fired(due_job(), after=timedelta(0)).occurrences

        assert occurrence.expires_at == SLOT + timedelta(seconds=300)

    def test_without_grace_it_may_start_however_late(self) -> None:
        job = due_job(misfire_grace_seconds=None)

        (occurrence,) = fired(job, after=timedelta(days=400)).occurrences

        assert (occurrence.status, occurrence.expires_at) == ("pending", None)

    def test_a_one_off_has_no_next_fire_time(self) -> None:
        job = due_job(trigger_kind="date", trigger_expression=SLOT.isoformat())

        assert fired(job, after=timedelta(0)).next_at is None


class TestJitter:
    def test_delays_the_run_but_not_its_fire_time(self) -> None:
        firing = fired(due_job(jitter_seconds=60), after=timedelta(0), random_part=0.5)

        (occurrence,) = firing.occurrences
        assert occurrence.scheduled_at == SLOT
        assert occurrence.due_at == SLOT + timedelta(seconds=30)

    def test_never_reaches_the_next_fire_time(self) -> None:
        job = due_job(jitter_seconds=3600)

        (occurrence,) = fired(job, after=timedelta(0), random_part=1.0).occurrences

        assert occurrence.due_at is not None
        assert occurrence.due_at < SLOT + timedelta(minutes=15)

    def test_does_not_drift_in_288_runs(self) -> None:
        job = due_job(trigger_expression="*/5 * * * *", jitter_seconds=30)

        for _ in range(288):
            firing = fired(job, after=job.next_run_at - SLOT, random_part=1.0)
            assert firing.next_at is not None
            job = job._replace(next_run_at=firing.next_at)

        assert job.next_run_at == SLOT + timedelta(days=1)


class TestLate:
    def test_a_run_that_is_too_late_is_missed_and_says_by_how_much(self) -> None:
        (occurrence,) = fired(due_job(), after=timedelta(minutes=6)).occurrences

        assert occurrence.status == "missed"
        assert "until 360 s after the fire time; the grace is 300 s" in occurrence.reason

    def test_coalescing_gives_one_run_for_the_last_fire_time(self) -> None:
        firing = fired(due_job(), after=timedelta(hours=1, minutes=1))

        (occurrence,) = firing.occurrences
        assert (occurrence.status, occurrence.scheduled_at) == (
            "pending",
            SLOT + timedelta(hours=1),
        )
        assert "4 earlier fire times" in occurrence.reason

    @pytest.mark.parametrize(
        ("coalesce", "grace", "runs"),
        [
            pytest.param(True, 60, 0, id="skip"),
            pytest.param(True, None, 1, id="one"),
            pytest.param(False, None, 10, id="all-up-to-the-cap"),
        ],
    )
    def test_four_days_down(self, coalesce: bool, grace: int | None, runs: int) -> None:
        job = due_job(coalesce=coalesce, misfire_grace_seconds=grace)

        firing = fired(job, after=timedelta(days=4, minutes=7))

        assert statuses(firing).count("pending") == runs
        assert len({occurrence.scheduled_at for occurrence in firing.occurrences}) >= 1

    def test_catching_up_gives_each_run_its_own_instant_the_last_ones(self) -> None:
        job = due_job(coalesce=False, misfire_grace_seconds=None)

        firing = fired(job, after=timedelta(days=4))

        times = [occurrence.scheduled_at for occurrence in firing.occurrences]
        assert times == [
            SLOT + timedelta(days=4) - n * timedelta(minutes=15) for n in range(9, -1, -1)
        ]
        assert "at least 10 earlier" in firing.occurrences[0].reason

    def test_a_clock_ten_years_ahead_is_not_enumerated(self) -> None:
        job = due_job(trigger_expression="* * * * * *", coalesce=False)

        firing = fired(job, after=timedelta(days=3652))

        assert len(firing.occurrences) == OPTIONS.catch_up_cap
        assert firing.next_at == SLOT + timedelta(days=3652, seconds=1)


class TestOverlap:
    def test_skip_records_the_run_with_the_reason(self) -> None:
        firing = fired(due_job(overlap="skip"), after=timedelta(0), active=1)

        (occurrence,) = firing.occurrences
        assert (occurrence.status, occurrence.reason) == (
            "skipped", "1 run of this job had not ended.",
        )  # fmt: skip

    def test_queue_holds_the_run_back_and_lets_it_be_late(self) -> None:
        job = due_job(overlap="queue", max_instances=1)

        (occurrence,) = fired(job, after=timedelta(0), active=1).occurrences

        assert (occurrence.status, occurrence.due_at, occurrence.expires_at) == (
            "pending",
            None,
            None,
        )


class FireTests(TestCase):
    def test_a_foreign_apscheduler_requests_a_run_of_the_job(self) -> None:
        job = make_job(key="pnl")

        fire("pnl")

        assert Run.objects.get().job == job


def test_a_daily_job_fires_once_on_the_day_the_clock_goes_back() -> None:
    day = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # 00:00 of the 25th in Zurich
    job = due_job(trigger_expression="30 2 * * *", timezone="Europe/Zurich",
                  next_run_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # fmt: skip

    firing = fire_job(job, now=day + timedelta(hours=3), load=Load(), options=OPTIONS)

    assert [run.scheduled_at.hour for run in firing.occurrences] == [0]
    assert firing.next_at == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
