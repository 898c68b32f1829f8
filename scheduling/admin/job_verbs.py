"""Pause, resume and trigger: from a row, from the job's page and for several jobs at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from scheduling.admin.cells import job_url, run_url
from scheduling.admin.reporting import do_and_tell, person
from scheduling.exceptions import JobConflict
from scheduling.forms import PauseForm
from scheduling.models import Job, Run
from scheduling.pages.returning import back, came_from

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

SHOWN = 20  # names on the page that asks for a reason
Verb = Callable[[Job], str]


class JobVerbs(ModelAdmin):
    """Every change is a POST. The request writes rows; it never runs a task."""

    actions = ("pause_selected", "resume_selected", "trigger_selected")

    def get_urls(self) -> list[URLPattern]:
        views = {
            "pause": self.pause_view,
            "resume": self.resume_view,
            "trigger": self.trigger_view,
        }
        own = [
            path(
                f"<path:object_id>/{verb}/",
                self.admin_site.admin_view(view),
                name=f"scheduling_job_{verb}",
            )
            for verb, view in views.items()
        ]
        return [*own, *super().get_urls()]

    # One job

    def pause_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self._job(request, object_id)
        form = PauseForm(request.POST or None)
        if not form.is_valid():
            return self._ask_reason(request, form, [job], hidden=[])
        reason = form.cleaned_data["reason"]
        do_and_tell(request, [job], lambda job: _pause(job, reason, person(request)))
        return back(request, job_url(job.pk))

    def resume_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._post_only(request, object_id, _resume)

    def trigger_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._post_only(request, object_id, lambda job: _trigger(job, person(request)))

    # Several jobs

    @admin.action(description="Pause …", permissions=["change"])
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        form = PauseForm(request.POST if "reason" in request.POST else None)
        jobs = list(queryset)
        if not form.is_valid():
            hidden: list[tuple[str, Any]] = [(ACTION_CHECKBOX_NAME, job.pk) for job in jobs]
            hidden.append(("action", "pause_selected"))
            return self._ask_reason(request, form, jobs, hidden=hidden)
        reason = form.cleaned_data["reason"]
        do_and_tell(request, jobs, lambda job: _pause(job, reason, person(request)))
        return None

    @admin.action(description="Resume", permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        do_and_tell(request, queryset, _resume)

    @admin.action(description="Trigger a run now", permissions=["change"])
    def trigger_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        do_and_tell(request, queryset, lambda job: _trigger(job, person(request)))

    # Steps

    def _job(self, request: HttpRequest, object_id: str) -> Job:
        job = self.get_object(request, unquote(object_id))
        if not isinstance(job, Job):
            raise Http404(f"There is no job with the number {object_id}.")
        if not self.has_change_permission(request, job):
            raise PermissionDenied
        return job

    def _post_only(self, request: HttpRequest, object_id: str, verb: Verb) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._job(request, object_id)
        do_and_tell(request, [job], verb)
        return back(request, job_url(job.pk))

    def _ask_reason(
        self,
        request: HttpRequest,
        form: PauseForm,
        jobs: list[Job],
        *,
        hidden: list[tuple[str, Any]],
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Pause",
            "opts": self.opts,
            "form": form,
            "jobs": jobs[:SHOWN],
            "more": max(0, len(jobs) - SHOWN),
            "hidden": hidden,
            "next": came_from(request),
            "back_url": reverse("admin:scheduling_job_changelist"),
        }
        return TemplateResponse(request, "admin/scheduling/job/pause.html", context)


def _pause(job: Job, reason: str, by: AbstractBaseUser) -> str:
    job.pause(reason, by=by)
    return f"{job.name} is paused."


def _resume(job: Job) -> str:
    job.resume()
    if job.state == Job.State.FINISHED:
        return f"{job.name} has no fire time left: it is finished."
    return f"{job.name} is active again."


def _trigger(job: Job, by: AbstractBaseUser) -> SafeString:
    run = job.trigger(origin=Run.Origin.MANUAL, requested_by=by)
    if run.status == Run.Status.SKIPPED:
        raise JobConflict(f"Run {run.pk} was skipped. {run.reason}")
    return format_html('Requested <a href="{}">run {}</a> of {}.', run_url(run), run.pk, job.name)
