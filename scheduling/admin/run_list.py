"""The run history: what each row shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.utils import parse_datetime_str

from scheduling.admin.cells import duration_text, job_url, status_label
from scheduling.models import Run
from scheduling.pages.cells import NOTHING, first_line, moment_cell, two_lines
from scheduling.pages.times import Moment, length
from scheduling.triggers.zones import zone_or_utc

# What may be large, and is read on the run's own page only.
LARGE = ("params", "progress", "result", "error", "traceback", "errors")
ERROR_START = 300  # characters


class TimeFilter(RangeDateTimeFilter):
    """A span of time on the clock of the installation; a day alone means the whole of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"time it stands for ({timezone.get_current_timezone_name()})"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        bounds = {"gte": self._bound("from", "00:00:00"), "lte": self._bound("to", "23:59:59")}
        return queryset.filter(
            **{f"{self.parameter_name}__{side}": at for side, at in bounds.items() if at}
        )

    def _bound(self, side: str, start: str) -> datetime | None:
        day = self.used_parameters.get(f"{self.parameter_name}_{side}_0")
        clock = self.used_parameters.get(f"{self.parameter_name}_{side}_1") or start
        moment = parse_datetime_str(f"{day} {clock}") if day else None
        return timezone.make_aware(moment) if moment else None


class RunList(ModelAdmin):
    """The columns of the list."""

    list_display = (
        "id", "job_link", "status_label", "origin", "scheduled", "started", "took", "attempt",
        "says", "steer",
    )  # fmt: skip
    list_display_links = ("id",)
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
        ("job", AutocompleteSelectFilter),
        ("scheduled_at", TimeFilter),
    )
    list_filter_submit = True
    list_before_template = "admin/scheduling/steer_form.html"
    list_per_page = 50
    ordering = ("-id",)
    sortable_by = ("id", "scheduled")
    search_fields = ("job_key",)
    search_help_text = "Key of the job, or number of the run"
    show_facets = admin.ShowFacets.NEVER  # they would count all rows, once for each choice
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        small = [field.attname for field in Run._meta.concrete_fields if field.name not in LARGE]
        runs: QuerySet[Run] = super().get_queryset(request)
        return (
            runs.select_related("job")
            .only(*small, "job__key", "job__timezone")
            .annotate(error_start=Left("error", ERROR_START))
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        term = search_term.strip()
        if not term:  # an empty pattern would be matched against every row
            return queryset, False
        found = Q(job_key__icontains=term)
        if term.isascii() and term.isdigit() and len(term) < 19:
            found |= Q(pk=int(term))
        return queryset.filter(found), False

    @admin.display(description="Job")
    def job_link(self, run: Run) -> SafeString:
        if run.job is None:
            return two_lines(run.job_key, "deleted")
        return format_html('<a href="{}" class="db-link">{}</a>', job_url(run.job.pk), run.job_key)

    @admin.display(description="Status")
    def status_label(self, run: Run) -> SafeString:
        return status_label(run)

    @admin.display(description="Scheduled for", ordering="scheduled_at")
    def scheduled(self, run: Run) -> SafeString:
        return moment_cell(run.scheduled_at, zone_of(run), timezone.now())

    @admin.display(description="Started")
    def started(self, run: Run) -> SafeString:
        if run.started_at is None:
            return NOTHING
        moment = Moment.of(run.started_at, zone_of(run), timezone.now())
        clock = run.started_at.astimezone(zone_or_utc(zone_of(run)))
        late = max(run.started_at - run.scheduled_at, timedelta())
        tooltip = f"{moment.text} {moment.zone} · {moment.tooltip}"
        return two_lines(f"{clock:%H:%M:%S}", f"{length(late)} later", tooltip)

    @admin.display(description="Duration")
    def took(self, run: Run) -> str:
        return duration_text(run, timezone.now())

    @admin.display(description="Error or reason")
    def says(self, run: Run) -> SafeString:
        text = run.error_start or run.reason  # type: ignore[attr-defined]
        return format_html('<span class="db-words" title="{}">{}</span>', text, first_line(text))

    @admin.display(description="")
    def steer(self, run: Run) -> SafeString | str:
        if run.is_open:
            return _button(run, "cancel", "Cancel", "close")
        return _button(run, "again", "Run again", "replay") if run.job_id else ""


def zone_of(run: Run) -> str:
    """The zone of the run's job; UTC once the job is deleted."""
    return run.job.timezone if run.job else "UTC"


def _button(run: Run, verb: str, title: str, icon: str) -> SafeString:
    return format_html(
        '<button type="submit" form="db-steer" formaction="{}" class="db-icon" title="{}"'
        ' aria-label="{} {}"><span class="material-symbols-outlined">{}</span></button>',
        reverse(f"admin:scheduling_run_{verb}", args=[run.pk]), title, title, run.pk, icon,
    )  # fmt: skip
