"""Cancel and run again: from a row, from the run's page and for several runs at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from scheduling.admin.cells import run_url
from scheduling.admin.reporting import do_and_tell, person
from scheduling.exceptions import JobConflict
from scheduling.models import Run
from scheduling.pages.returning import back

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

Verb = Callable[[Run], str]


class RunVerbs(ModelAdmin):
    """Every change is a POST. The request writes rows; it never runs a task."""

    actions = ("cancel_selected", "run_again_selected")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:number>/cancel/", view(self.cancel_view), name="scheduling_run_cancel"),
            path("<int:number>/again/", view(self.again_view), name="scheduling_run_again"),
            path("<int:number>/retry/", view(self.retry_view), name="scheduling_run_retry"),
        ]
        return [*own, *super().get_urls()]

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """The rows are read-only; to cancel or repeat a run is to change it all the same."""
        return request.user.has_perm("scheduling.change_run")

    def cancel_view(self, request: HttpRequest, number: int) -> HttpResponse:
        return self._post_only(request, number, lambda run: _cancel(run, person(request)))

    def again_view(self, request: HttpRequest, number: int) -> HttpResponse:
        return self._post_only(request, number, lambda run: _run_again(run, person(request)))

    def retry_view(self, request: HttpRequest, number: int) -> HttpResponse:
        return self._post_only(request, number, lambda run: _retry_failed(run, person(request)))

    @admin.action(description="Cancel", permissions=["steer"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        do_and_tell(request, queryset, lambda run: _cancel(run, person(request)))

    @admin.action(description="Run again", permissions=["steer"])
    def run_again_selected(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        # Oldest first, as they ran.
        runs = _whole().filter(pk__in=queryset.values("pk")).order_by("id")
        do_and_tell(request, runs, lambda run: _run_again(run, person(request)))

    def _post_only(self, request: HttpRequest, number: int, verb: Verb) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_steer_permission(request):
            raise PermissionDenied
        run = _whole().filter(pk=number).first()
        if run is None:
            raise Http404(f"There is no run with the number {number}.")
        do_and_tell(request, [run], verb)
        return back(request, run_url(run))


def _whole() -> QuerySet[Run]:
    return Run.objects.select_related("job")


def _cancel(run: Run, by: AbstractBaseUser) -> str:
    run.cancel(by=by)
    if run.status == Run.Status.RUNNING:
        return f"Run {run.pk} is told to stop."
    return f"Run {run.pk} is cancelled."


def _run_again(run: Run, by: AbstractBaseUser) -> SafeString:
    return _told(run.run_again(by=by), run)


def _retry_failed(run: Run, by: AbstractBaseUser) -> SafeString:
    return _told(run.retry_failed(by=by), run)


def _told(again: Run, run: Run) -> SafeString:
    if again.status == Run.Status.SKIPPED:
        raise JobConflict(f"Repeated as run {again.pk}, which was skipped. {again.reason}")
    return format_html(
        'Requested <a href="{}">run {}</a>, for the same time as run {}.',
        run_url(again), again.pk, run.pk,
    )  # fmt: skip
