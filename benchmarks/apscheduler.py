"""django-apscheduler's measurements: its README's runapscheduler, misfire default lifted."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from benchmarks.marks import mark
from benchmarks.report import burst_figures, quantile
from benchmarks.waiting import marks, seconds_of_cpu, wait_until, while_of

LEAD = while_of(5.0)  # s for the scheduler to start before jobs are due
THREADS = 20  # as Daybook's default
WATCHED = while_of(15.0)  # s


def burst(jobs: int) -> dict[str, float]:
    due_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LEAD + jobs / 1000)
    fill(due_at, CronTrigger(hour=due_at.hour, minute=due_at.minute, second=due_at.second), jobs)
    program = start_scheduler()
    wait_until(lambda: finished() >= jobs)
    persisted = time.time()
    program.kill()
    return burst_figures(marks(), due_at=due_at.timestamp(), persisted_at=persisted)


def triggered(runs: int) -> dict[str, float]:
    """Trigger in the scheduler's own process: from another one it cannot be triggered."""
    scheduler = with_store(BackgroundScheduler(executors={"default": ThreadPoolExecutor(THREADS)}))
    scheduler.start()
    start = time.monotonic()
    for number in range(runs):
        scheduler.add_job(mark, id=str(number), misfire_grace_time=None)
    wait_until(lambda: len(marks()) >= runs)
    wait_until(lambda: DjangoJob.objects.count() == 0)  # it deletes jobs that are done
    took = time.monotonic() - start
    scheduler.shutdown()
    return {"runs per second": runs / took}


def schedules(jobs: int) -> dict[str, float]:
    tomorrow = datetime.now(UTC) + timedelta(hours=20)
    fill(tomorrow, CronTrigger(hour=tomorrow.hour, minute=tomorrow.minute), jobs)
    fill(datetime.now(UTC), CronTrigger(second="*"), 10, prefix="each-second")
    began = time.monotonic()
    program = start_scheduler()
    wait_until(lambda: len(marks()) > 0)
    started = time.monotonic() - began
    process = psutil.Process(program.pid)
    time.sleep(2)
    seen, before = len(marks()), seconds_of_cpu(process)
    time.sleep(WATCHED)
    used = seconds_of_cpu(process) - before
    late = [instant % 1 for instant in marks()[seen:]]
    memory = process.memory_info().rss
    program.kill()
    return {
        "start-up to first run, s": started,
        "memory, MB": memory / 1e6,
        "% of a core": 100 * used / WATCHED,
        "lateness p50 of ten a second, s": quantile(late, 0.5),
        "lateness p99 of ten a second, s": quantile(late, 0.99),
    }


def with_store(scheduler: BackgroundScheduler) -> BackgroundScheduler:
    scheduler.configure(timezone=UTC)
    scheduler.add_jobstore(DjangoJobStore(), "default")
    return scheduler


def fill(due_at: datetime, trigger: CronTrigger, count: int, prefix: str = "job") -> None:
    """Add jobs as rows: add_job would take minutes."""
    scheduler = with_store(BackgroundScheduler())
    job = Job(
        scheduler, id="job", func=mark, args=(), kwargs={}, trigger=trigger, executor="default",
        name="noop", misfire_grace_time=None, coalesce=True, max_instances=1, next_run_time=due_at,
    )  # fmt: skip
    rows = []
    for number in range(count):
        job.id = f"{prefix}-{number}"
        state = pickle.dumps(job.__getstate__(), pickle.HIGHEST_PROTOCOL)
        rows.append(DjangoJob(id=job.id, next_run_time=due_at, job_state=state))
    DjangoJob.objects.bulk_create(rows, batch_size=5000)


def finished() -> int:
    return int(DjangoJobExecution.objects.filter(status=DjangoJobExecution.SUCCESS).count())


def start_scheduler() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.run", "apscheduler", "serve", "0"])


def serve(_: int) -> dict[str, float]:
    """Be what the README calls runapscheduler."""
    with_store(BlockingScheduler(executors={"default": ThreadPoolExecutor(THREADS)})).start()
    return {}
