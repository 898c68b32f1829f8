"""Item 1: five schedulers that start, stop and die at random; every occurrence once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from scheduling.models import Run
from tests.chaos.counting import Occurrence, all_ended, each, lines_of, none_fires, tally, until
from tests.chaos.jobs import next_second
from tests.chaos.pace import ENV, LEASE, MARGIN, SECONDS, SWEEP
from tests.factories import make_job
from tests.installation import Installation, Program

SCHEDULERS = 5
PAUSE = (0.5, 2.5)  # s between two deeds
STARTED = "Scheduler started successfully"
Deeds = Counter[str]
EVERY = {  # job -> task and seconds between fire times
    "work_each_second": ("chaos.work", 1),
    "order_each_second": ("chaos.order", 1),
    "work_each_5_seconds": ("chaos.work", 5),
}


def make_jobs(out: Path, start: datetime, end: datetime) -> None:
    for key, (task, step) in EVERY.items():
        make_job(
            key=key, task=task, params={"path": str(out)}, trigger_kind="interval",
            trigger_expression=f"{step}s", start_at=start, end_at=end, coalesce=False,
            overlap="allow", max_instances=100, misfire_grace_seconds=None, max_attempts=5,
            retry_lost=task == "chaos.work", backoff_seconds=0,
        )  # fmt: skip


def harass(schedulers: list[Program], start: Callable[[], Program], end: datetime) -> Deeds:
    """Kill, stop and replace schedulers at random; one of them is always left alone."""
    deeds: Deeds = Counter()
    random = Random()  # noqa: S311  # a game of chance
    while datetime.now(UTC) < end:
        time.sleep(random.uniform(*PAUSE))
        victim = schedulers.pop(random.randrange(1, len(schedulers)))
        deed = random.choice(["kill", "terminate"])
        getattr(victim, deed)()
        deeds[deed] += 1
        schedulers.append(start())
    return deeds


def test_each_occurrence_runs_once(
    installation: Installation, out: Path, tell: Callable[..., None]
) -> None:
    schedulers = [installation.start("runapscheduler", **ENV) for _ in range(SCHEDULERS)]
    for scheduler in schedulers:
        scheduler.wait_for(STARTED, seconds=30)
    start = next_second()
    end = start + timedelta(seconds=SECONDS)
    make_jobs(out, start, end)

    deeds = harass(schedulers, lambda: installation.start("runapscheduler", **ENV), end)
    until(lambda: all_ended() and none_fires(), what="the end of all runs")

    lines, expected = lines_of(out), expected_from(start, end)
    latest = max(line.late for line in lines)
    orders = Counter(line.scheduled_at for line in lines if line.job_key == "order_each_second")
    assert Counter(Run.objects.values_list("job_key", "scheduled_at")) == Counter(expected)
    assert set(orders.values()) == {1}
    assert latest < LEASE + SWEEP + MARGIN
    said = f"{deeds['kill']} killed, {deeds['terminate']} stopped"
    tell(f"five schedulers, {SECONDS} s, {said}", tally(out, expected), recovered=latest)


def expected_from(start: datetime, end: datetime) -> set[Occurrence]:
    steps = ((key, timedelta(seconds=seconds)) for key, (_, seconds) in EVERY.items())
    return {occurrence for key, step in steps for occurrence in each(key, start, end, step)}
