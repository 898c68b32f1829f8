"""Whole processes on one database, over days and deployments; tests/chaos kills them."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django_apscheduler.models import DjangoJob

from scheduling.models import Job, Run
from tests.factories import make_job
from tests.installation import Installation

STARTED = "Scheduler started successfully"


def executions(path: Path) -> Counter[str]:
    """Return how often the task ran for each instant, counted from outside."""
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(line.split()[1] for line in lines)


def wait_until(instant: datetime) -> None:
    while datetime.now(UTC) < instant:
        time.sleep(0.05)


def test_a_daily_interval_fires_once_a_day_however_often_one_deploys(
    installation: Installation, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1) + timedelta(seconds=8)
    job = make_job(
        task="tests.append", params={"path": str(out)}, trigger_kind="interval",
        trigger_expression="24h", now=yesterday,
    )  # fmt: skip
    assert job.next_run_at == yesterday + timedelta(days=1)

    for _ in range(3):
        program = installation.start("runapscheduler")
        program.wait_for(STARTED)
        installation.manage("sync_jobs")
        assert program.end() == 0
    program = installation.start("runapscheduler")
    wait_until(job.next_run_at + timedelta(seconds=2))
    program.end()

    job.refresh_from_db()
    assert executions(out) == Counter([(yesterday + timedelta(days=1)).isoformat()])
    assert job.next_run_at == yesterday + timedelta(days=2)


def test_a_renamed_task_parks_its_job_and_deletes_nothing(installation: Installation) -> None:
    job = make_job()
    run = job.trigger()
    Job.objects.filter(pk=job.pk).update(task="tests.old_name")
    DjangoJob.objects.filter(id=job.key).update(next_run_time=datetime.now(UTC))

    program = installation.start("runapscheduler")
    program.wait_for("is broken")
    program.end()

    job.refresh_from_db()
    statuses = job.runs.order_by("id").values_list("status", flat=True)
    assert (job.state, list(statuses)) == ("broken", ["succeeded", "skipped"])
    assert Run.objects.filter(pk=run.pk).exists()

    Job.objects.filter(pk=job.pk).update(task="tests.echo")
    program = installation.start("runapscheduler")
    deadline = time.monotonic() + 15
    while Job.objects.get(pk=job.pk).state != "active" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert Job.objects.get(pk=job.pk).state == "active"
