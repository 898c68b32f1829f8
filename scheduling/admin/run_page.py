"""A run's own page: what it was given, what it did and how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import content_disposition_header
from unfold.admin import ModelAdmin

from scheduling.admin.cells import duration_text, status_label
from scheduling.admin.run_list import zone_of
from scheduling.models import Artifact, LogLine, Run
from scheduling.pages.times import Moment, length
from scheduling.triggers.zones import zone_or_utc

LOG_LINES = 200  # on the page; the whole log is a link away
LATE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, on the clock of the job."""

    time: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; `percent` is None if the end is not known."""

    text: str
    percent: int | None

    @classmethod
    def of(cls, stored: Any) -> Progress | None:
        if not isinstance(stored, dict):
            return None
        done, total = stored.get("done") or 0, stored.get("total")
        text = f"{done} of {total}" if total else str(done)
        if message := stored.get("message"):
            text = f"{text} · {message}"
        return cls(text, min(100, round(100 * done / total)) if total else None)


class RunPage(ModelAdmin):
    """The pages of one run. They read; they never run anything."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:number>/live/", view(self.live_view), name="scheduling_run_live"),
            path("<int:number>/log/", view(self.log_view), name="scheduling_run_log"),
            path(
                "<int:number>/artifacts/<int:artifact>/",
                view(self.artifact_view),
                name="scheduling_run_artifact",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self._run(request, int(object_id) if object_id.isdecimal() else 0)
        context = {
            **self.admin_site.each_context(request),
            **_page(run),
            "title": f"Run {run.pk}",
            "original": f"Run {run.pk}",
            "subtitle": run.job_key,
            "opts": self.opts,
            "can_steer": request.user.has_perm("scheduling.change_run"),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/scheduling/run/page.html", context)

    def live_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """Status, progress and the end of the log, as a fragment."""
        run = self._run(request, number)
        return TemplateResponse(request, "admin/scheduling/run/live.html", _live(run))

    def log_view(self, request: HttpRequest, number: int) -> StreamingHttpResponse:
        run = self._run(request, number)
        lines = LogLine.objects.filter(run=run).iterator()
        return StreamingHttpResponse(_text(lines, run), "text/plain; charset=utf-8")

    def artifact_view(self, request: HttpRequest, number: int, artifact: int) -> HttpResponse:
        run = self._run(request, number)
        file = Artifact.objects.filter(run=run, pk=artifact).first()
        if file is None:
            raise Http404(f"Run {number} has no such artifact.")
        response = HttpResponse(bytes(file.content), file.content_type)
        response.headers["Content-Disposition"] = _attachment(file.name)
        return response

    def _run(self, request: HttpRequest, number: int) -> Run:
        if not self.has_view_permission(request):
            raise PermissionDenied
        related = ("job", "owner", "requested_by", "worker")
        run = Run.objects.select_related(*related).filter(pk=number).first()
        if run is None:
            raise Http404(f"There is no run with the number {number}.")
        return run


def _live(run: Run) -> dict[str, Any]:
    newest = list(LogLine.objects.filter(run=run).order_by("-id")[: LOG_LINES + 1])
    zone = zone_or_utc(zone_of(run))
    return {
        "run": run,
        "status": status_label(run),
        "took": duration_text(run, timezone.now()),
        "progress": Progress.of(run.progress),
        "lines": [_line(line, zone) for line in reversed(newest[:LOG_LINES])],
        "is_cut": len(newest) > LOG_LINES,
        "shown": LOG_LINES,
    }


def _page(run: Run) -> dict[str, Any]:
    return {
        **_live(run),
        "facts": list(_facts(run)),
        "timing": list(_timing(run, timezone.now())),
        "params": list(run.params.items()),
        "result": "" if run.result is None else _pretty(run.result),
        "earlier": [_attempt(error, zone_of(run)) for error in run.errors],
        "artifacts": Artifact.objects.filter(run=run).defer("content"),
        "is_repeatable": not run.is_open and run.job_id is not None,
        "zone": zone_of(run),
    }


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Task", run.task
    yield "Origin", run.get_origin_display()
    if run.requested_by:
        yield "Requested by", run.requested_by.get_username()
    if run.owner:
        yield "Owner", run.owner.get_username()
    yield "Attempt", f"{run.attempt} of {run.max_attempts}" if run.attempt else "Not started"
    yield "Timeout", length(timedelta(seconds=run.timeout_seconds))
    if run.worker:
        yield "Worker", run.worker.name


def _timing(run: Run, now: datetime) -> Iterator[tuple[str, Moment | str]]:
    instants = {
        "Scheduled for": run.scheduled_at,
        "Due": run.due_at,
        "Started": run.started_at,
        "Finished": run.finished_at,
    }
    for name, at in instants.items():
        if at is not None:
            yield name, Moment.of(at, zone_of(run), now)
    if run.started_at and run.due_at and run.started_at - run.due_at >= LATE:
        yield "Started late by", length(run.started_at - run.due_at)


def _attempt(error: dict[str, Any], zone: str) -> dict[str, str]:
    """An earlier attempt, as the engine noted it when it set the next one up."""
    started_at = datetime.fromisoformat(error["started_at"])
    return {
        "number": str(error["attempt"]),
        "status": Run.Status(error["status"]).label,
        "time": Moment.of(started_at, zone, timezone.now()).text,
        "error": error["error"],
    }


def _line(line: LogLine, zone: Any) -> Line:
    return Line(f"{line.at.astimezone(zone):%H:%M:%S.%f}"[:-3], line.level, line.message)


def _text(lines: Iterator[LogLine], run: Run) -> Iterator[str]:
    zone = zone_or_utc(zone_of(run))
    for line in lines:
        stamp = line.at.astimezone(zone).isoformat(timespec="milliseconds")
        yield f"{stamp} {line.level:<7} {line.logger}: {line.message}\n"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _attachment(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
