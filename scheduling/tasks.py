"""What Daybook does for itself, and the job that does it every night."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.utils import timezone
from pydantic import Field

from scheduling.context import RunContext
from scheduling.pace import Pace
from scheduling.registry import default_job, task
from scheduling.retention.cleaning import clean_up, count_expired
from scheduling.retention.expiry import Limits
from scheduling.triggers import TriggerSpec

HOUR = 3600  # s

Days = Annotated[int, Field(ge=1, le=36_500)]


@task("scheduling.cleanup_old_data", timeout=2 * HOUR, retry_lost=True, label="Clean up old data")
def cleanup_old_data(
    ctx: RunContext,
    *,
    run_days: Days | None = None,
    failure_days: Days | None = None,
    log_days: Days | None = None,
    runs_per_job: Annotated[int, Field(ge=1)] | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Delete old runs with their logs and artifacts, and what else is of no use any more.

    CLEANUP_RUN_DAYS and so on say what is left out here. Runs that have not ended and the newest
    run of each job stay. A dry run only counts.
    """
    limits = Limits.of_settings(
        run_days=run_days,
        failure_days=failure_days,
        log_days=log_days,
        runs_per_job=runs_per_job,
    )
    if dry_run:
        return {"would_delete": count_expired(limits, now=timezone.now())}
    pace = Pace(should_stop=ctx.should_stop)
    return {"deleted": clean_up(limits, now=timezone.now(), pace=pace)}


default_job(
    key="cleanup_old_data",
    name="Clean up old data",
    description="Deletes runs, logs and artifacts that are older or more than CLEANUP_* allow.",
    task="scheduling.cleanup_old_data",
    trigger=TriggerSpec(kind="cron", expression="0 3 * * *", timezone=settings.TIME_ZONE),
    # A machine that sleeps at night cleans up in the morning.
    misfire_grace_seconds=20 * HOUR,
    max_attempts=3,
    backoff_seconds=300,
)
