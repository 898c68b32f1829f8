"""The list of jobs: what each row shows, read in a number of queries that does not grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from scheduling.admin.cells import average_duration, state_label, strip
from scheduling.exceptions import InvalidTrigger
from scheduling.models import Job, Run
from scheduling.pages.cells import NOTHING, label, moment_cell, two_lines
from scheduling.pages.times import Moment, length
from scheduling.triggers import describe

RECENT = 12
OVERDUE = timedelta(seconds=30)  # a tick may take a while, and the page is as old as its reader
SHOWN_OF_A_RUN = ("job_id", "status", "reason", "scheduled_at", "started_at", "finished_at")


class JobChangeList(ChangeList):
    """Reads the last runs of all the jobs on the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach_recent_runs(self.result_list)


def attach_recent_runs(jobs: Any, *more: str) -> None:
    """Give each job its newest runs, newest first, as `recent_runs`.

    more  fields of a run that the page shows beside those of the list
    """
    runs = Run.objects.only(*SHOWN_OF_A_RUN, *more)
    recent = runs.recent_per_job([job.pk for job in jobs], RECENT)
    for job in jobs:
        job.recent_runs = recent.get(job.pk, [])


def words_of(job: Job) -> str:
    """Say when a job fires; a trigger that cannot be read is shown as it stands."""
    try:
        return describe(job.trigger_spec)
    except InvalidTrigger:
        return f"{job.trigger_kind}: {job.trigger_expression}"


def next_run_cell(job: Job) -> SafeString:
    now = timezone.now()
    due_at = job.next_run_at
    if due_at is not None and due_at < now - OVERDUE:
        moment = Moment.of(due_at, job.timezone, now)
        return two_lines(moment.text, label("Overdue", "bad", moment.relative), moment.tooltip)
    return moment_cell(due_at, job.timezone, now)


class JobList(ModelAdmin):
    """The columns of the list."""

    list_display = (
        "job", "state_label", "trigger", "next_run", "last_runs", "average", "owner", "steer",
    )  # fmt: skip
    list_filter = (
        "state",
        ("task", admin.AllValuesFieldListFilter),
        ("owner", admin.RelatedOnlyFieldListFilter),
        "source",
    )
    list_before_template = "admin/scheduling/steer_form.html"
    list_per_page = 40
    list_select_related = ("owner", "clock")
    ordering = ("name", "key")
    search_fields = ("key", "name", "description", "task")
    search_help_text = "Key, name, description or task"
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JobChangeList

    @admin.display(description="Job", ordering="name")
    def job(self, job: Job) -> SafeString:
        return two_lines(format_html("<b>{}</b>", job.name), job.key, job.description)

    @admin.display(description="State", ordering="state")
    def state_label(self, job: Job) -> SafeString:
        if not job.state_reason:
            return state_label(job)
        return two_lines(state_label(job), job.state_reason, job.state_reason)

    @admin.display(description="Trigger")
    def trigger(self, job: Job) -> SafeString:
        return format_html(
            '<span class="db-words" title="{}">{}</span>', job.trigger_expression, words_of(job)
        )

    @admin.display(description="Next run", ordering="clock__next_run_time")
    def next_run(self, job: Job) -> SafeString:
        return next_run_cell(job)

    @admin.display(description="Last runs")
    def last_runs(self, job: Job) -> SafeString:
        return strip(job.recent_runs, job.timezone, timezone.now())  # type: ignore[attr-defined]

    @admin.display(description="Average")
    def average(self, job: Job) -> SafeString | str:
        average = average_duration(job.recent_runs)  # type: ignore[attr-defined]
        return NOTHING if average is None else length(average)

    @admin.display(description="")
    def steer(self, job: Job) -> SafeString:
        """Buttons of a form outside of the list's own, each a POST but the link to pause."""
        if job.state == Job.State.ACTIVE:
            second = format_html(
                '<a href="{}" class="db-icon" title="Pause …" aria-label="Pause {}">'
                '<span class="material-symbols-outlined">pause</span></a>',
                reverse("admin:scheduling_job_pause", args=[job.pk]), job.key,
            )  # fmt: skip
        elif job.state == Job.State.FINISHED:
            second = SafeString()
        else:
            second = _button(job, "resume", "Resume", "resume")
        return format_html(
            '<span class="db-steer">{}{}</span>',
            _button(job, "trigger", "Trigger a run now", "play_arrow"), second,
        )  # fmt: skip


def _button(job: Job, verb: str, title: str, icon: str) -> SafeString:
    return format_html(
        '<button type="submit" form="db-steer" formaction="{}" class="db-icon" title="{}"'
        ' aria-label="{} {}"><span class="material-symbols-outlined">{}</span></button>',
        reverse(f"admin:scheduling_job_{verb}", args=[job.pk]), title, title, job.key, icon,
    )  # fmt: skip
