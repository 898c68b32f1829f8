"""Item 3, on SQLite: another process holds the write lock for longer than anybody waits for it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from scheduling.health import scheduler_health
from scheduling.models import Job
from tests.chaos.counting import all_ended, lines_of, none_fires, tally, until
from tests.chaos.jobs import make_busy, make_manual_job
from tests.chaos.pace import ENV, LOCKED, MARGIN
from tests.installation import Installation

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="Its rows are locked.")

BUSY_TIMEOUT = 0.5  # s that a statement of the scheduler waits for the lock
LONGEST_WAIT = 5.0  # s between two ticks that fail


@contextmanager
def locked(seconds: float) -> Iterator[None]:
    """Hold the write lock for so long, as a backup or a shell may; do what is inside at its end."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        yield
        other.execute("ROLLBACK")


def test_the_scheduler_goes_on_after_another_writer_held_the_lock(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    program = installation.start("runapscheduler", **ENV, CHAOS_SQLITE_TIMEOUT=str(BUSY_TIMEOUT))
    program.wait_for("Scheduler started successfully", seconds=30)
    expected = make_busy(out, seconds=LOCKED + 2)
    params = {"path": str(out), "seconds": 1.0}
    run = make_manual_job(task="chaos.order", key="long", params=params).trigger()
    until(lambda: any(line.job_key == "long" for line in lines_of(out)), what="the long run")

    health, unlocked_at = health_while_locked()
    recovered = until(lambda: lines_of(out)[-1].written_at > unlocked_at.timestamp())
    until(lambda: none_fires() and all_ended())

    run.refresh_from_db()
    assert not health["ok"]
    assert (run.status, run.finished_at and run.finished_at < unlocked_at) == ("succeeded", True)
    assert recovered < LONGEST_WAIT + MARGIN
    assert "database is locked" in program.output
    expected.add(("long", run.scheduled_at))
    tell(f"SQLite locked for {LOCKED:g} s", tally(out, expected), recovered=recovered)


def health_while_locked() -> tuple[dict[str, Any], datetime]:
    """Lock the database for a while; return what health says then, and when it was over."""
    with locked(LOCKED), override_settings(SCHEDULING_TICK_ALARM=2):
        return scheduler_health(Job.objects.all()), datetime.now(UTC)
