"""Commands whose output nobody reads to its end, as in `manage.py list_jobs | head -1`."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from project.command_line import CUT_SHORT
from scheduling.models import Job, Worker
from tests.factories import make_job
from tests.installation import MANAGE, Installation

pytestmark = pytest.mark.any_database


@pytest.fixture(params=["1", ""], ids=["unbuffered", "buffered"])
def unread(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end of a pipe that nobody reads from, for a Python that buffers or not."""
    monkeypatch.setenv("PYTHONUNBUFFERED", request.param)
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def start(
    installation: Installation, unread: int, *args: str, **more: str
) -> subprocess.Popen[str]:
    env = installation.env | {"PYTHONUNBUFFERED": os.environ["PYTHONUNBUFFERED"]} | more
    return subprocess.Popen(
        (*MANAGE, *args), env=env, cwd=settings.BASE_DIR, stdout=unread, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def run(installation: Installation, unread: int, *args: str, **env: str) -> tuple[int, str]:
    """Run a command to its end and return its exit code and what it said of errors."""
    with start(installation, unread, *args, **env) as program:
        _, errors = program.communicate(timeout=60)
    return program.returncode, errors


def test_a_command_ends_in_silence(installation: Installation, unread: int) -> None:
    make_job()

    code, errors = run(installation, unread, "list_jobs")

    assert code in (0, CUT_SHORT)
    assert errors == ""


def test_health_ends_without_a_traceback(installation: Installation, unread: int) -> None:
    code, errors = run(installation, unread, "health", "--detailed")

    assert code in (1, CUT_SHORT)
    assert errors in ("", "CommandError: Scheduler not running (RUN_SCHEDULER != 1)\n")


def test_a_command_that_fails_says_so_all_the_same(installation: Installation, unread: int) -> None:
    code, errors = run(installation, unread, "resume_job", "none")

    assert code == 1
    assert errors.startswith("CommandError: There is no job 'none'.")


def test_setup_sets_up_all_the_same(installation: Installation, unread: int) -> None:
    ended = run(installation, unread, "setup", DEBUG="1")  # static files are not compressed

    assert ended == (0, "")
    assert Job.objects.get(key="pnl_intraday").runs.exists()


def test_a_scheduler_goes_on_and_stops_as_it_should(
    installation: Installation, unread: int
) -> None:
    with start(installation, unread, "runapscheduler") as scheduler:
        deadline = time.monotonic() + 15
        while not Worker.objects.exclude(last_tick_at=None).exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        scheduler.terminate()
        _, errors = scheduler.communicate(timeout=15)

    assert (scheduler.returncode, errors) == (0, "")
    assert Worker.objects.get().stopped_at
