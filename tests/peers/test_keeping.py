"""What django-apscheduler loses or changes when it should keep it: see docs/peers.md."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tests.peers.system import (
    HOUR,
    SECOND,
    Spec,
    System,
    django_apscheduler_fails,
    happens,
    just_now,
)

TOLD = re.compile(r"Removing it|is broken")  # of a job whose function is gone


@django_apscheduler_fails("history is gone")
def test_a_renamed_function_costs_no_history(system: System) -> None:
    spec = Spec("renamed", task="new_feature", every=SECOND, since=just_now(), catch_up=True)
    system.add_job(spec)
    program = system.start(code="new")
    assert happens(lambda: "succeeded" in system.history("renamed"))
    program.end()

    program = system.launch(code="old")

    assert happens(lambda: TOLD.search(program.output))
    gone = happens(lambda: "succeeded" not in system.history("renamed"), seconds=0.5)
    assert not gone, "The history is gone."


@django_apscheduler_fails("was moved by")
def test_a_deployment_does_not_move_a_daily_interval(system: System) -> None:
    daily = Spec("daily", every=24 * HOUR, since=datetime.now(UTC) - 12 * HOUR)
    system.add_job(daily)
    before = system.next_run_at("daily")

    system.start(declared=daily)

    after = system.next_run_at("daily")
    assert before is not None
    assert after is not None
    assert after == before, f"It was moved by {after - before}."


@django_apscheduler_fails("fires again")
def test_a_deployment_does_not_resume_what_was_paused(system: System) -> None:
    paused = Spec("paused", every=24 * HOUR)
    system.add_job(paused)
    system.pause("paused")

    system.start(declared=paused)

    next_run_at = system.next_run_at("paused")
    assert next_run_at is None, f"It fires again at {next_run_at}."
