"""A job's own page: what it is doing above the form, its last runs below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from scheduling.admin.cells import (
    average_duration,
    duration_text,
    run_url,
    state_label,
    status_label,
    strip,
)
from scheduling.admin.job_list import RECENT, attach_recent_runs, next_run_cell, words_of
from scheduling.admin.month import Month
from scheduling.admin.trigger_preview import Panel, panel_of, panel_of_typed
from scheduling.forms import ParametersForm
from scheduling.forms.job import find_task
from scheduling.models import Job, Run
from scheduling.pages.cells import NOTHING, first_line
from scheduling.pages.times import Moment, length


@dataclass(frozen=True, slots=True)
class RunRow:
    """A line of the table of last runs."""

    url: str
    number: int
    status: SafeString
    origin: str
    scheduled: Moment
    took: str
    says: str

    @classmethod
    def of(cls, run: Run, zone: str, now: datetime) -> RunRow:
        return cls(
            url=run_url(run),
            number=run.pk,
            status=status_label(run),
            origin=run.get_origin_display(),
            scheduled=Moment.of(run.scheduled_at, zone, now),
            took=duration_text(run, now),
            says=first_line(run.error or run.reason),
        )


class JobPage(ModelAdmin):
    """The pages of one job, and the fragments that its form asks for while one types."""

    change_form_outer_before_template = "admin/scheduling/job/summary.html"
    change_form_before_template = "admin/scheduling/job/version.html"
    change_form_outer_after_template = "admin/scheduling/job/recent_runs.html"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "preview/",
                self.admin_site.admin_view(self.preview_view),
                name="scheduling_job_preview",
            ),
            path(
                "parameters/",
                self.admin_site.admin_view(self.parameters_view),
                name="scheduling_job_parameters",
            ),
        ]
        return [*own, *super().get_urls()]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The next fire times of the trigger in the query, as a fragment."""
        job = self._edited(request)
        stored = job.trigger_spec if job else None
        panel = panel_of_typed(request.GET.dict(), timezone.now(), stored)
        return HttpResponse(panel.render())

    def parameters_view(self, request: HttpRequest) -> HttpResponse:
        """The fields of the task in the query, as a fragment."""
        job = self._edited(request)
        name = request.GET.get("task", "")
        task = find_task(name)
        is_same = job is not None and find_task(job.task) == task
        form = ParametersForm(task, stored=job.params if job and is_same else {})
        return HttpResponse(form.render_fields())

    @staticmethod
    def next_fire_times(job: Job) -> SafeString:
        """The preview as it stands before anything is typed, and without JavaScript."""
        is_blank = not job.trigger_expression
        panel = Panel() if is_blank else panel_of(job.trigger_spec, timezone.now())
        return format_html(
            '<div id="db-preview" data-url="{}" data-job="{}" aria-live="polite">{}</div>',
            reverse("admin:scheduling_job_preview"), job.pk or "", panel.render(),
        )  # fmt: skip

    next_fire_times.short_description = "Next fire times"  # type: ignore[attr-defined]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        job = self.get_object(request, object_id)
        if isinstance(job, Job) and request.method == "GET":
            extra_context = {**(extra_context or {}), **self._summary(request, job)}
        page: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return page

    def _summary(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        attach_recent_runs([job], "origin", "error")
        runs, now = job.recent_runs, timezone.now()  # type: ignore[attr-defined]
        average = average_duration(runs)
        return {
            "job": job,
            "state": state_label(job),
            "words": words_of(job),
            "fault": job.fault() if job.state == Job.State.BROKEN else "",
            "next_run": next_run_cell(job),
            "average": length(average) if average else NOTHING,
            "strip": strip(runs, job.timezone, now),
            "month": Month.of(request.user, now, job),
            "rows": [RunRow.of(run, job.timezone, now) for run in runs],
            "recent": RECENT,
            "can_steer": self.has_change_permission(request, job),
            "is_pausable": job.state in (Job.State.ACTIVE, Job.State.BROKEN),
            "is_resumable": job.state in (Job.State.PAUSED, Job.State.BROKEN),
        }

    def _edited(self, request: HttpRequest) -> Job | None:
        """Return the job that the form edits; None if it adds one."""
        number = request.GET.get("job", "")
        job = self.get_object(request, number) if number else None
        if not (self.has_view_permission(request) or self.has_add_permission(request)):
            raise Http404
        return job if isinstance(job, Job) else None
