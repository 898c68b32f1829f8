"""Small pieces of HTML that several pages show: labels, times, strips of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scheduling.models import Job, Run
from scheduling.pages.cells import NOTHING, label
from scheduling.pages.times import date_and_time, length
from scheduling.triggers.zones import zone_or_utc

JOB_TONES = {
    Job.State.ACTIVE: "good",
    Job.State.PAUSED: "warn",
    Job.State.BROKEN: "bad",
    Job.State.FINISHED: "quiet",
}
RUN_TONES = {
    Run.Status.PENDING: "wait",
    Run.Status.RUNNING: "busy",
    Run.Status.SUCCEEDED: "good",
    Run.Status.DEGRADED: "warn",
    Run.Status.FAILED: "bad",
    Run.Status.TIMED_OUT: "bad",
    Run.Status.LOST: "bad",
    Run.Status.MISSED: "warn",
    Run.Status.CANCELLED: "quiet",
    Run.Status.SKIPPED: "quiet",
}


def state_label(job: Job) -> SafeString:
    return label(job.get_state_display(), JOB_TONES[Job.State(job.state)], job.state_reason)


def status_label(run: Run) -> SafeString:
    return label(run.get_status_display(), RUN_TONES[Run.Status(run.status)], run.reason)


def duration_text(run: Run, now: datetime) -> str:
    """How long the last attempt took, or has been taking."""
    if run.status == Run.Status.RUNNING and run.started_at:
        return f"{length(now - run.started_at)} so far"
    return length(run.duration) if run.duration is not None else "—"


def average_duration(runs: Iterable[Run]) -> timedelta | None:
    """Average of the runs that started and ended; None if there is none."""
    durations = [run.duration for run in runs if run.duration is not None]
    return sum(durations, timedelta()) / len(durations) if durations else None


def run_url(run: Run) -> str:
    return reverse("admin:scheduling_run_change", args=[run.pk])


def job_url(job_id: int) -> str:
    return reverse("admin:scheduling_job_change", args=[job_id])


def strip(newest_first: Sequence[Run], zone: str, now: datetime) -> SafeString:
    """A bar for each run, the newest on the right, each a link to its run."""
    if not newest_first:
        return NOTHING
    local_now = now.astimezone(zone_or_utc(zone))
    before, _, after = run_url(newest_first[0]).rpartition(str(newest_first[0].pk))
    bars = format_html_join(
        "",
        '<a href="{}{}{}" class="db-bar db-{}" title="{}"><span>{}</span></a>',
        (
            (
                before,
                run.pk,
                after,
                RUN_TONES[Run.Status(run.status)],
                _tooltip(run, local_now),
                run.pk,
            )
            for run in reversed(newest_first)
        ),
    )
    return format_html('<span class="db-strip">{}</span>', bars)


def _tooltip(run: Run, local_now: datetime) -> str:
    local = run.scheduled_at.astimezone(local_now.tzinfo)
    parts = [Run.Status(run.status).label, date_and_time(local, local_now)]
    if run.duration is not None:
        parts.append(length(run.duration))
    return " · ".join(parts)
