"""Accounts, which people edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scheduling.pages.cells import moment_cell
from snapshots.admin.credentials import CredentialInline, wanted_by
from snapshots.admin.entered import EnteredInline
from snapshots.admin.instants import TellsZone
from snapshots.admin.saxo_login import SaxoLogin
from snapshots.models import COUNTED, Account, Flow, Snapshot

NOTHING = "—"
# The text of the model would do for one source only.
HELPS = {
    "settings": 'What its source needs; {} will do at first. {"path": "balance.csv"} is a file in '
    "DATA_DIR in place of uploads, for cointracking, saxo and manual. More: docs/sources.md."
}
KEPT = (
    "{snapshots} snapshot(s) and {flows} flow(s). To keep them and take no more, switch off both "
    "kinds of snapshots of the account. manage.py delete_user_data deletes all of its owner's."
)


@admin.register(Account)
class AccountAdmin(TellsZone, SaxoLogin):
    list_display = ("name", "owner", "source", "currency", "last_slot_at")
    list_filter = ("source", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = (
        "owner", "name", "source", "currency", "timezone", "settings", "wants_intraday",
        "wants_eod", "flows_known_since",
        "flows_known_until",
    )  # fmt: skip
    inlines = (CredentialInline, EnteredInline)

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> Any:
        if obj is not None and obj.source == "manual":
            return (EnteredInline,)
        return (CredentialInline,) if wanted_by(obj) else ()

    def get_form(
        self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change=change, help_texts=HELPS, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        rows = Account.objects.visible_to(request.user)
        return rows.annotate(
            last_slot_at=Max("snapshots__slot_at", filter=Q(snapshots__status__in=COUNTED))
        )

    def response_add(
        self, request: HttpRequest, obj: Account, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Stay at an account that is not whole yet: what opens it is set on its own page."""
        if not self.get_inlines(request, obj):
            response: HttpResponse = super().response_add(request, obj, post_url_continue)
            return response
        wants = "its positions" if obj.source == "manual" else "what opens it at its source"
        messages.success(request, f"{obj} was added. Now enter {wants}, below.")
        return redirect("admin:snapshots_account_change", obj.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count what is kept for ever, where Django would load and list each of 25,000 a year."""
        snapshots = Snapshot.objects.filter(account__in=objs).count()
        flows = Flow.objects.filter(account__in=objs).count()
        if not (snapshots or flows):
            return super().get_deleted_objects(objs, request)
        return [], {}, set(), [KEPT.format(snapshots=snapshots, flows=flows)]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk}

    @admin.display(description="Last snapshot", ordering="last_slot_at", empty_value=NOTHING)
    def last_slot_at(self, account: Any) -> Any:
        return moment_cell(account.last_slot_at, account.timezone, timezone.now())
