"""Item 3, on PostgreSQL: stopped and started, connections cut, rows locked by somebody else."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client, override_settings

from scheduling.health import scheduler_health
from scheduling.models import Job
from tests.chaos.counting import (
    all_ended,
    forget,
    lines_of,
    none_fires,
    tally,
    until,
)
from tests.chaos.jobs import SECOND, make_busy, make_manual_job
from tests.chaos.pace import ENV, IS_LONG, LEASE, LOCKED, MARGIN, OUTAGE
from tests.chaos.postgresql import Server, connected_to
from tests.installation import Installation, Program

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="It has no server.")

HUNG = LEASE + 1.0  # s
LONGEST_WAIT = 5.0  # s between two looks of the scheduler while the database is away


@pytest.fixture(scope="module")
def server(database: None) -> Iterator[Server]:
    # Not below pytest's own directory: other sessions may shut that to PostgreSQL's user.
    directory = Path(tempfile.mkdtemp(prefix="daybook-chaos-"))
    server = Server(directory / "postgresql")
    with connected_to(server.url):
        yield server
    server.end()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def scheduler(server: Server, data_dir: Path) -> Iterator[Program]:
    """One scheduler for all of these tests: it is never restarted."""
    with Installation(data_dir, server.url) as installation:
        program = installation.start("runapscheduler", **ENV)
        program.wait_for("Scheduler started successfully", seconds=30)
        yield program


@pytest.fixture(autouse=True)
def _clean(scheduler: Program, out: Path) -> Iterator[None]:
    yield
    forget(out)


def executed(out: Path) -> Callable[[], bool]:
    """Tell whether a task has started since now."""
    before = len(lines_of(out))
    return lambda: len(lines_of(out)) > before


def await_end() -> None:
    until(lambda: none_fires() and all_ended(), what="the end of all runs")


def test_the_scheduler_goes_on_after_the_server_was_stopped(
    server: Server, scheduler: Program, out: Path, tell: Callable[..., None]
) -> None:
    expected = make_busy(out, seconds=OUTAGE + 3)
    job = make_manual_job(task="chaos.order", key="long", params={"path": str(out), "seconds": 1.0})
    run = job.trigger()
    until(lambda: any(line.job_key == "long" for line in lines_of(out)), what="the long run")

    health = health_while_away(server)
    back_at = datetime.now(UTC)
    recovered = until(executed(out))
    await_end()

    run.refresh_from_db()
    assert (health["ok"], "does not answer" in health["message"]) == (False, True)
    assert (run.status, run.finished_at and run.finished_at < back_at) == ("succeeded", True)
    assert recovered < LONGEST_WAIT + MARGIN
    assert "The scheduler works again" in scheduler.output
    expected.add((job.key, run.scheduled_at))
    tell(f"PostgreSQL stopped for {OUTAGE:g} s", tally(out, expected), recovered=recovered)


def health_while_away(server: Server) -> dict[str, Any]:
    """Stop the server for a while, and return what health says meanwhile."""
    connection.close()
    server.stop()
    start_at = time.monotonic() + OUTAGE
    health: dict[str, Any] = Client().get("/readyz").json()
    time.sleep(max(0.0, start_at - time.monotonic()))
    server.start()
    connection.close()
    return health


def test_nothing_is_lost_when_connections_are_cut(
    server: Server, scheduler: Program, out: Path, tell: Callable[..., None]
) -> None:
    expected = make_busy(out, seconds=4)

    cut = 0
    for _ in range(3):
        cut += server.cut()
        connection.close()
        recovered = until(executed(out))
    await_end()

    assert cut > 5
    assert scheduler.poll() is None
    tell(f"{cut} connections cut", tally(out, expected), recovered=recovered)


@pytest.mark.skipif(not IS_LONG, reason="It lasts longer than a lease.")
def test_nobody_is_taken_for_dead_while_the_server_hangs(
    server: Server, scheduler: Program, out: Path, tell: Callable[..., None]
) -> None:
    expected = make_busy(out, seconds=HUNG + 2)
    job = make_manual_job(
        task="chaos.order", key="long", params={"path": str(out), "seconds": HUNG + 2}
    )
    run = job.trigger()
    until(lambda: any(line.job_key == "long" for line in lines_of(out)), what="the long run")

    with server.frozen():
        time.sleep(HUNG)
    recovered = until(executed(out))
    await_end()

    run.refresh_from_db()
    assert (run.status, run.attempt) == ("succeeded", 1)
    expected.add((job.key, run.scheduled_at))
    tell(f"PostgreSQL hangs for {HUNG:g} s", tally(out, expected), recovered=recovered)


def test_rows_that_somebody_else_locks_are_waited_for(
    server: Server, scheduler: Program, out: Path, tell: Callable[..., None]
) -> None:
    expected = make_busy(out, seconds=LOCKED + 2)

    with psycopg.connect(server.url) as other:
        other.execute("SELECT * FROM scheduling_job FOR UPDATE")
        other.execute("SELECT * FROM django_apscheduler_djangojob FOR UPDATE")
        with override_settings(SCHEDULING_TICK_ALARM=2):
            red_after = until(says_that_a_job_is_due, what="health to be red")
        time.sleep(max(0.0, LOCKED - red_after))
    recovered = until(executed(out))
    await_end()

    assert red_after < 2 + SECOND.total_seconds() + MARGIN
    tell(f"rows locked for {LOCKED:g} s", tally(out, expected), recovered=recovered)


def says_that_a_job_is_due() -> bool:
    message = scheduler_health(Job.objects.all()).get("message", "")
    return str(message).startswith("A job has been due since")
