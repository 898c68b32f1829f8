from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from scheduling.admin.job_list import JobList
from scheduling.admin.job_page import JobPage
from scheduling.admin.job_verbs import JobVerbs
from scheduling.forms import JobForm
from scheduling.models import Job
from scheduling.pages.cells import moment_cell


@admin.register(Job)
class JobAdmin(JobList, JobPage, JobVerbs):
    """Jobs: every change goes through a verb of the model."""

    form = JobForm
    autocomplete_fields = ("owner",)
    readonly_fields = ("next_fire_times",)
    fieldsets = (
        (None, {"fields": ("name", "key", "description", "owner")}),
        (
            "When",
            {
                "fields": (
                    "trigger_kind",
                    "trigger_expression",
                    "timezone",
                    "next_fire_times",
                    "start_at",
                    "end_at",
                    "jitter_seconds",
                )
            },
        ),
        ("What", {"fields": ("task", "params")}),
        (
            "Late, overlapping, hanging or failing",
            {
                "fields": (
                    "coalesce",
                    "misfire_grace_seconds",
                    "overlap",
                    "max_instances",
                    "timeout_seconds",
                    "max_attempts",
                    "backoff_seconds",
                    "retry_lost",
                ),
                "description": "Timeout, attempts and back-off that are left empty are taken "
                "from the task.",
            },
        ),
    )

    class Media:
        js = ("scheduling/job_form.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        jobs: QuerySet[Job] = super().get_queryset(request)
        return jobs.select_related("owner", "clock").defer("clock__job_state")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("key", *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": _to_look_at(options["fields"])})
            for title, options in fieldsets
        ]

    @admin.display(description="Not before")
    def starts(self, job: Job) -> SafeString:
        return moment_cell(job.start_at, job.timezone, timezone.now())

    @admin.display(description="Not after")
    def ends(self, job: Job) -> SafeString:
        return moment_cell(job.end_at, job.timezone, timezone.now())

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        defaults = {"owner": request.user.pk, "timezone": settings.TIME_ZONE}
        return defaults | given

    def save_model(
        self, request: HttpRequest, obj: Job, form: ModelForm[Job], change: bool
    ) -> None:
        obj.put()

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        obj.remove()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            job.remove()

    def get_deleted_objects(
        self, objs: Iterable[Job] | QuerySet[Job], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the jobs alone: their runs stay, and there may be a hundred thousand."""
        jobs = list(objs)
        lacking = set() if self.has_delete_permission(request) else {"job"}
        return [f"{job.name} ({job.key})" for job in jobs], {"jobs": len(jobs)}, lacking, []


def _to_look_at(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Those who may only look see times on the clock of the job, not on the installation's."""
    shown = {"start_at": "starts", "end_at": "ends"}
    return tuple(shown.get(field, field) for field in fields)
