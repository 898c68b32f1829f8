"""The first page of the admin, and the warning on every page when nothing fires jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from scheduling.admin.cells import (
    JOB_TONES,
    RUN_TONES,
    duration_text,
    job_url,
    run_url,
    status_label,
)
from scheduling.admin.job_list import words_of
from scheduling.admin.month import Month
from scheduling.admin.run_list import zone_of
from scheduling.findings import find_all
from scheduling.health import scheduler_health
from scheduling.models import Job, Run
from scheduling.pages.cells import first_line
from scheduling.pages.times import Moment

FEW = 5
A_DAY = timedelta(hours=24)
FAILURES = (Run.Status.FAILED, Run.Status.TIMED_OUT, Run.Status.LOST)
NOT_RUNNING = (
    "No scheduler is running, so no job fires. Start one with manage.py runapscheduler, or set "
    "RUN_SCHEDULER=1."
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows have a state, with a link to them."""

    count: int
    name: str
    tone: str
    url: str


@dataclass(frozen=True, slots=True)
class Due:
    """A job that fires soon."""

    name: str
    url: str
    words: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that failed not long ago."""

    job_key: str
    url: str
    status: SafeString
    moment: Moment
    took: str
    error: str


def each_page(request: HttpRequest) -> dict[str, Any]:
    """Add the warning to the context of every admin page, read only if it is shown."""
    return {"scheduler_trouble": SimpleLazyObject(scheduler_trouble)}


def scheduler_trouble() -> str:
    """Say why no job fires; empty if a scheduler is alive and ticks."""
    health = scheduler_health(Job.objects.none())
    if health["ok"]:
        return ""
    return str(health["message"]) if health["enabled"] else NOT_RUNNING


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the first page what the user may see."""
    now = timezone.now()
    context["findings"] = find_all(now, request.user.has_perm)
    if request.user.has_perm("scheduling.view_job"):
        context |= {"job_tallies": _job_tallies(), "due": _due(now)}
    if request.user.has_perm("scheduling.view_run"):
        context |= {
            "run_tallies": _run_tallies(now),
            "month": Month.of(request.user, now),
            "failures": _failures(now),
        }
    return context


def _job_tallies() -> list[Tally]:
    counts = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
    page = reverse("admin:scheduling_job_changelist")
    return [
        Tally(
            counts.get(state.value, 0), state.label, JOB_TONES[state],
            f"{page}?{urlencode({'state__exact': state.value})}",
        )
        for state in Job.State
    ]  # fmt: skip


def _run_tallies(now: datetime) -> list[Tally]:
    recent = Run.objects.filter(scheduled_at__gte=now - A_DAY, scheduled_at__lte=now)
    counts = dict(recent.order_by().values_list("status").annotate(Count("id")))
    page = reverse("admin:scheduling_run_changelist")
    return [
        Tally(
            counts[status.value], status.label, RUN_TONES[status],
            f"{page}?{urlencode({'status__exact': status.value})}",
        )
        for status in Run.Status
        if status.value in counts
    ]  # fmt: skip


def _due(now: datetime) -> list[Due]:
    jobs = (
        Job.objects.filter(state=Job.State.ACTIVE, clock__next_run_time__isnull=False)
        .select_related("clock")
        .defer("clock__job_state")
        .order_by("clock__next_run_time")[:FEW]
    )
    return [
        Due(job.name, job_url(job.pk), words_of(job), Moment.of(at, job.timezone, now))
        for job in jobs
        if (at := job.next_run_at) is not None
    ]


def _failures(now: datetime) -> list[Failure]:
    runs = Run.objects.filter(status__in=FAILURES).select_related("job").order_by("-id")
    return [
        Failure(
            run.job_key, run_url(run), status_label(run),
            Moment.of(run.finished_at or run.scheduled_at, zone_of(run), now),
            duration_text(run, now), first_line(run.error or run.reason),
        )
        for run in runs.defer("traceback", "errors", "result", "params", "progress")[:FEW]
    ]  # fmt: skip
