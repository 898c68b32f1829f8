"""Daybook's measurements: `runapscheduler` as it is, driven from this process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil
from django.db import transaction
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from benchmarks.report import burst_figures, quantile
from benchmarks.rows import add_jobs
from benchmarks.waiting import marks, seconds_of_cpu, wait_until, while_of
from scheduling.models import Job, Run, Worker
from scheduling.models.requested import RunRequest
from scheduling.wakeup import announce_change

LEAD = 2.0  # s from the edit of the clocks until jobs are due
WATCHED = while_of(15.0)  # s
NEVER = "0 0 1 1 *"


def burst(jobs: int) -> dict[str, float]:
    """Let all jobs be due at one instant."""
    add_jobs(jobs, expression=NEVER, next_at=timezone.now() + timedelta(days=1))
    with scheduler():
        due_at = timezone.now() + timedelta(seconds=LEAD)
        with transaction.atomic():
            DjangoJob.objects.update(next_run_time=due_at)
            announce_change()
        wait_until(lambda: Run.objects.filter(status=Run.Status.SUCCEEDED).count() >= jobs)
        persisted = time.time()
    return burst_figures(marks(), due_at=due_at.timestamp(), persisted_at=persisted)


def triggered(runs: int) -> dict[str, float]:
    """Trigger one by one, from this process."""
    job = busy_job()
    with scheduler():
        return throughput(runs, lambda: [job.trigger() for _ in range(runs)])


def triggered_at_once(runs: int) -> dict[str, float]:
    """Trigger in lists of a thousand, from this process."""
    job = busy_job()
    requests = [RunRequest(key=job.key)] * 1000
    with scheduler():
        return throughput(
            runs, lambda: [Job.objects.all().trigger(requests) for _ in range(runs // 1000)]
        )


def pending(runs: int) -> dict[str, float]:
    """Let runs be pending all at once."""
    job = busy_job()

    def add() -> None:
        now = timezone.now()
        with transaction.atomic():
            Run.objects.bulk_create(
                Run.of(job, scheduled_at=now, due_at=now, origin=Run.Origin.MANUAL)
                for _ in range(runs)
            )
            announce_change()

    with scheduler():
        return throughput(runs, add, counts_adding=False)


def isolated(runs: int) -> dict[str, float]:
    """Run in warm child processes; the first run warms them."""
    job = busy_job(task="benchmarks.isolated")
    with scheduler():
        job.trigger()
        wait_until(lambda: len(marks()) > 0)
        time.sleep(1)
        start = time.monotonic()
        Job.objects.all().trigger([RunRequest(key=job.key)] * runs)
        wait_until(lambda: not Run.objects.open().exists())
        return {"runs per second": runs / (time.monotonic() - start)}


def throughput(
    runs: int, add: Callable[[], object], *, counts_adding: bool = True
) -> dict[str, float]:
    """Count from the first request, or from when all are there, to the last outcome written."""
    began = time.monotonic()
    add()
    added = time.monotonic()
    start = began if counts_adding else added
    wait_until(lambda: not Run.objects.open().exists())
    took = time.monotonic() - start
    assert len(marks()) == runs, f"{len(marks())} of {runs} ran"  # noqa: S101
    return {"runs per second": runs / took, "added per second": runs / (added - began)}


def schedules(jobs: int) -> dict[str, float]:
    """Keep many jobs that sleep, and ten that fire each second."""
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20)
    add_jobs(jobs, expression=f"{tomorrow:%-S %-M %-H} * * *", next_at=tomorrow)
    add_jobs(10, expression="* * * * * *", next_at=datetime.now(UTC), prefix="each-second")
    began = time.monotonic()
    with scheduler() as process:
        wait_until(lambda: len(marks()) > 0, every=0.01)
        started = time.monotonic() - began
        time.sleep(while_of(12))  # past the first inspection
        seen, before = len(marks()), seconds_of_cpu(process)
        time.sleep(WATCHED)
        used = seconds_of_cpu(process) - before
        late = [instant % 1 for instant in marks()[seen:]]
        return {
            "start-up to first run, s": started,
            "memory, MB": process.memory_info().rss / 1e6,
            "% of a core": 100 * used / WATCHED,
            "lateness p50 of ten a second, s": quantile(late, 0.5),
            "lateness p99 of ten a second, s": quantile(late, 0.99),
        }


def triggers(count: int) -> dict[str, float]:
    """Trigger, and wait for the first line of the task."""
    job = busy_job()
    with scheduler():
        return waits(count, lambda: job.trigger())


def edits(count: int) -> dict[str, float]:
    """Edit a job so that it is due a moment later, and see how late it starts."""
    job = busy_job()

    def edit() -> None:
        soon = timezone.now() + timedelta(milliseconds=20)
        job.trigger_kind, job.trigger_expression = "date", soon.isoformat()
        job.put()

    with scheduler():
        return waits(count, edit)


def waits(count: int, act: Callable[[], object]) -> dict[str, float]:
    took = []
    for number in range(count):
        act()
        start = time.time()
        wait_until(partial(has_begun, number + 1), every=0.001)
        took.append(marks()[-1] - start)
    return {"p50, s": quantile(took, 0.5), "p99, s": quantile(took, 0.99)}


def has_begun(runs: int) -> bool:
    return len(marks()) >= runs


def busy_job(task: str = "benchmarks.noop") -> Job:
    """Return a job that never fires by itself, and whose runs may overlap without end."""
    job = Job(
        key="busy", name="Busy", task=task, trigger_expression=NEVER, overlap="allow",
        max_instances=32_000, misfire_grace_seconds=None, timeout_seconds=60,
    )  # fmt: skip
    job.put()
    return job


@contextmanager
def scheduler() -> Iterator[psutil.Popen]:
    """Run `runapscheduler` in a process of its own, its log in a file."""
    command = [sys.executable, "manage.py", "runapscheduler", "--quiet"]
    with (Path(os.environ["DATA_DIR"]) / "scheduler.log").open("wb") as log:
        process = psutil.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: Worker.objects.exclude(last_tick_at=None).exists())
        yield process
    finally:
        process.terminate()
        process.wait(60)
