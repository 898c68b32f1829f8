"""Item 5: four days down; each policy gives what it promises."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scheduling.models import Job, Run
from tests.chaos.counting import Occurrence, all_ended, each, lines_of, tally, until
from tests.chaos.pace import ENV
from tests.factories import make_job
from tests.installation import Installation

CAP = 20  # runs of one job
HOUR = timedelta(hours=1)
POLICIES: dict[str, dict[str, Any]] = {
    "skip": {"coalesce": True, "misfire_grace_seconds": 300},
    "one": {"coalesce": True, "misfire_grace_seconds": None},
    "all": {"coalesce": False, "misfire_grace_seconds": None},
}


def test_four_days_down_give_none_one_or_at_most_the_cap(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    newest = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    make_hourly_jobs(out, newest)

    recovered = time_to_catch_up(installation)

    runs = {key: runs_of(key) for key in POLICIES}
    assert [(run.status, run.attempt) for run in runs["skip"]] == [("missed", 0)]
    assert [run.scheduled_at for run in runs["one"] + runs["skip"]] == [newest, newest]
    assert len({run.scheduled_at for run in runs["all"]}) == len(runs["all"]) == CAP
    assert "No scheduler looked until" in runs["skip"][0].reason
    assert "earlier fire times too, from" in runs["skip"][0].reason
    assert runs["one"][0].reason.startswith("Stands for")
    expected = {("one", newest)} | each("all", newest - (CAP - 1) * HOUR, newest, HOUR)
    assert executed(out) == expected
    tell("four days down", tally(out, expected), recovered=recovered)


def make_hourly_jobs(out: Path, newest: datetime) -> None:
    """Put jobs as they were four days ago, whose last fire time was at `newest`."""
    for key, policy in POLICIES.items():
        make_job(
            key=key, task="chaos.order", params={"path": str(out)}, overlap="allow",
            trigger_expression=f"{newest.minute} * * * *", max_instances=CAP,
            now=newest - timedelta(days=4), **policy,
        )  # fmt: skip


def time_to_catch_up(installation: Installation) -> float:
    start = time.monotonic()
    installation.start("runapscheduler", **ENV, SCHEDULING_CATCH_UP_CAP=str(CAP))
    until(lambda: Run.objects.count() >= CAP + 2 and all_ended(), what="the catching up")
    return time.monotonic() - start


def executed(out: Path) -> set[Occurrence]:
    return {(line.job_key, line.scheduled_at) for line in lines_of(out)}


def runs_of(key: str) -> list[Run]:
    return list(Job.objects.get(key=key).runs.order_by("scheduled_at"))
