from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from scheduling.models import Worker
from scheduling.options import Options
from scheduling.pages.cells import NOTHING, first_line, label, moment_cell, two_lines
from scheduling.pages.times import Moment


@admin.register(Worker)
class WorkerAdmin(ModelAdmin):
    """The processes that run runs: who is alive, and who is in trouble."""

    list_display = (
        "name", "life", "role", "capacity", "heartbeat", "last_tick", "started", "says"
    )  # fmt: skip
    list_filter = ("is_scheduler",)
    search_fields = ("name",)
    ordering = ("stopped_at", "-heartbeat_at")
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="State")
    def life(self, worker: Worker) -> SafeString:
        lease = timedelta(seconds=Options().lease)
        if worker.stopped_at:
            return label("Stopped", "quiet", "It ended in good order.")
        if worker.heartbeat_at < timezone.now() - lease:
            return label("Silent", "bad", "No heartbeat within the lease: it died or hangs.")
        return label("Alive", "warn" if worker.trouble else "good")

    @admin.display(description="Role")
    def role(self, worker: Worker) -> SafeString:
        return two_lines(
            "Scheduler" if worker.is_scheduler else "Worker",
            f"{len(worker.tasks)} task{pluralize(worker.tasks)}",
            ", ".join(worker.tasks),
        )

    @admin.display(description="Heartbeat", ordering="heartbeat_at")
    def heartbeat(self, worker: Worker) -> str:
        return _age(worker.heartbeat_at)

    @admin.display(description="Last tick", ordering="last_tick_at")
    def last_tick(self, worker: Worker) -> str:
        return _age(worker.last_tick_at) if worker.last_tick_at else NOTHING

    @admin.display(description="Trouble")
    def says(self, worker: Worker) -> SafeString:
        text = worker.trouble
        return format_html('<span class="db-words" title="{}">{}</span>', text, first_line(text))

    @admin.display(description="Started", ordering="started_at")
    def started(self, worker: Worker) -> SafeString:
        return moment_cell(worker.started_at, "UTC", timezone.now())


def _age(at: Any) -> str:
    moment = Moment.of(at, "UTC", timezone.now())
    return two_lines(moment.relative, moment.text + " UTC", moment.tooltip)
