from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import TestCase

from scheduling.attempts.settling import backoff, wants_retry, write_outcomes
from scheduling.models import Run
from tests.factories import (
    NOW,
    claimed,
    make_job,
    make_outcome,
    make_running_run,
    make_worker,
)


class WriteOutcomesTests(TestCase):
    def test_ends_runs_with_results_and_errors(self) -> None:
        worker = make_worker()
        good, bad = make_running_run(worker), make_running_run(worker)

        held = write_outcomes(
            [
                make_outcome(claimed(good), result={"total": "12.50", "rows": [1, None]}),
                make_outcome(claimed(bad), status="failed", error="no file", traceback="…"),
            ]
        )

        good.refresh_from_db()
        bad.refresh_from_db()
        assert held == 2
        assert (good.status, good.result) == ("succeeded", {"total": "12.50", "rows": [1, None]})
        assert (bad.status, bad.error, bad.traceback) == ("failed", "no file", "…")
        assert bad.finished_at == NOW + timedelta(seconds=2)

    def test_a_run_keeps_the_reason_that_it_began_with(self) -> None:
        worker = make_worker()
        run = make_running_run(worker, reason="Stands for 3 earlier fire times too.")
        degraded = make_running_run(worker, reason="Triggered while the job was paused.")

        write_outcomes(
            [
                make_outcome(claimed(run)),
                make_outcome(claimed(degraded), status="degraded", reason="1 of 3 failed"),
            ]
        )

        run.refresh_from_db()
        degraded.refresh_from_db()
        assert (run.status, run.reason) == ("succeeded", "Stands for 3 earlier fire times too.")
        assert degraded.reason == "Triggered while the job was paused. 1 of 3 failed"

    def test_a_retry_keeps_it_too(self) -> None:
        note = "Stands for 3 earlier fire times too."
        run = make_running_run(make_worker(), make_job(max_attempts=4), reason=note)

        reasons = []
        for attempt, status in enumerate(("failed", "failed", "succeeded"), start=1):
            Run.objects.filter(pk=run.pk).update(
                status="running", worker=make_worker(), attempt=attempt, started_at=NOW
            )
            run.refresh_from_db()
            write_outcomes([make_outcome(claimed(run), status=status, error="timeout")])
            run.refresh_from_db()
            reasons.append(run.reason)

        failures = [f"{note} Attempt {number} of 4 failed: timeout" for number in (1, 2)]
        assert reasons == [*failures, note]

    def test_the_last_attempt_says_both(self) -> None:
        note = "Stands for 3 earlier fire times too."
        errors = [{"attempt": 1, "error": "timeout", "note": note}]
        run = make_running_run(make_worker(), attempt=2, errors=errors)

        write_outcomes([make_outcome(claimed(run), status="lost", reason="Worker died.")])

        run.refresh_from_db()
        assert (run.status, run.reason) == ("lost", f"{note} Worker died.")

    def test_a_reason_of_the_past_goes(self) -> None:
        worker = make_worker()
        asked_to_stop = make_running_run(worker, reason="Cancelled.", cancel_requested_at=NOW)
        tried_again = make_running_run(worker, reason="Attempt 1 of 2 failed: timeout", attempt=2)

        held = write_outcomes([make_outcome(claimed(run)) for run in (asked_to_stop, tried_again)])

        asked_to_stop.refresh_from_db()
        tried_again.refresh_from_db()
        assert held == 2
        assert (asked_to_stop.status, asked_to_stop.reason) == ("succeeded", "")
        assert (tried_again.status, tried_again.reason) == ("succeeded", "")

    def test_a_run_that_was_declared_lost_stays_lost(self) -> None:
        run = make_running_run(make_worker())
        late = make_outcome(claimed(run))
        write_outcomes([make_outcome(claimed(run), status="lost", reason="Worker died.")])

        held = write_outcomes([late])

        run.refresh_from_db()
        assert (held, run.status) == (0, "lost")

    def test_an_earlier_attempt_does_not_end_a_later_one(self) -> None:
        run = make_running_run(make_worker(), attempt=2)

        held = write_outcomes([make_outcome(claimed(run, attempt=1))])

        run.refresh_from_db()
        assert (held, run.status) == (0, "running")

    def test_a_failed_attempt_waits_for_the_next_one(self) -> None:
        run = make_running_run(make_worker(), make_job(max_attempts=3, backoff_seconds=60))

        write_outcomes([make_outcome(claimed(run), status="failed", error="timeout")])

        run.refresh_from_db()
        assert (run.status, run.attempt, run.worker, run.started_at) == ("pending", 1, None, None)
        assert run.errors[0]["error"] == "timeout"
        assert run.due_at is not None
        wait = run.due_at - (NOW + timedelta(seconds=2))
        assert timedelta(seconds=48) <= wait <= timedelta(seconds=72)

    def test_the_last_attempt_is_final(self) -> None:
        run = make_running_run(make_worker(), make_job(max_attempts=2), attempt=2)

        write_outcomes([make_outcome(claimed(run), status="failed", error="timeout")])

        run.refresh_from_db()
        assert run.status == "failed"

    def test_a_run_that_was_cancelled_has_no_further_attempt(self) -> None:
        run = make_running_run(make_worker(), make_job(max_attempts=2, retry_lost=True))
        run.cancel(now=NOW)

        write_outcomes([make_outcome(claimed(run), status="lost", reason="Worker died.")])

        run.refresh_from_db()
        assert run.status == "lost"

    def test_a_deleted_job_has_no_further_attempt(self) -> None:
        job = make_job(max_attempts=2)
        run = make_running_run(make_worker(), job)
        outcome = make_outcome(claimed(run), status="failed", error="timeout")
        job.remove()

        write_outcomes([outcome])

        run.refresh_from_db()
        assert run.status == "failed"

    def test_a_paused_job_has_no_further_attempt_but_of_what_was_triggered(self) -> None:
        job = make_job(max_attempts=2)
        worker = make_worker()
        fired = make_running_run(worker, job, origin="schedule")
        triggered = make_running_run(worker, job, origin="manual")
        job.pause("maintenance")

        write_outcomes([make_outcome(claimed(run), status="failed") for run in (fired, triggered)])

        fired.refresh_from_db()
        triggered.refresh_from_db()
        assert (fired.status, triggered.status) == ("failed", "pending")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "values", "expected"),
    [
        pytest.param("failed", {}, True, id="a-failure-is-retried"),
        pytest.param("timed_out", {}, True, id="a-timeout-is-retried"),
        pytest.param("failed", {"is_permanent": True}, False, id="a-permanent-failure-is-not"),
        pytest.param("cancelled", {}, False, id="what-was-cancelled-is-not"),
        pytest.param("lost", {}, False, id="what-was-lost-may-have-run"),
    ],
)
def test_which_outcomes_have_another_attempt(
    status: str, values: dict[str, bool], expected: bool
) -> None:
    run = make_running_run(make_worker(), make_job(max_attempts=2))

    assert wants_retry(make_outcome(claimed(run), status=status, **values)) is expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("max_attempts", "attempt", "expected"), [(1, 1, True), (1, 2, False), (3, 2, True)]
)
def test_a_lost_run_is_retried_once_at_least_if_its_job_says_so(
    max_attempts: int, attempt: int, expected: bool
) -> None:
    job = make_job(max_attempts=max_attempts, retry_lost=True)
    run = make_running_run(make_worker(), job, attempt=attempt)

    assert wants_retry(make_outcome(claimed(run), status="lost")) is expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (40, 21600)]
)
def test_the_wait_doubles_up_to_six_hours(attempt: int, seconds: int) -> None:
    run = claimed(make_running_run(make_worker(), make_job(backoff_seconds=30)), attempt=attempt)

    assert backoff(run, spread=0.5) == timedelta(seconds=seconds)
