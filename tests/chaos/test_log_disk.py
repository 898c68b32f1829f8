"""Item 3, the log: the disk that it goes to is full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from scheduling.models import Worker
from tests.chaos.counting import all_ended, occurrences_of, tally, until
from tests.chaos.jobs import make_manual_job
from tests.chaos.pace import ENV
from tests.installation import MANAGE, Installation

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="It touches no database.")


def test_a_scheduler_whose_log_finds_no_room_goes_on_and_ends_in_order(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    to_a_full_disk = ("sh", "-c", 'exec "$@" >/dev/full 2>&1', "sh")
    program = installation.launch((*to_a_full_disk, *MANAGE, "runapscheduler"), **ENV)
    until(Worker.objects.exists, what="the scheduler")

    tasks = ("chaos.flood", "tests.fail", "chaos.order")
    params = ({"lines": 1000}, {"message": "no room"}, {"path": str(out)})
    runs = [
        make_manual_job(task=task, params=given).trigger()
        for task, given in zip(tasks, params, strict=True)
    ]
    until(all_ended)
    program.terminate()
    program.wait(20)

    for run in runs:
        run.refresh_from_db()
    assert [run.status for run in runs] == ["succeeded", "failed", "succeeded"]
    assert runs[0].logs.count() == 1000
    assert Worker.objects.get().stopped_at is not None
    tell("no room for the log", tally(out, occurrences_of(runs[2:])))
