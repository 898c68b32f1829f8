"""Accounts, which people edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from scheduling.pages.cells import moment_cell
from snapshots.admin.credentials import CredentialInline, wanted_by
from snapshots.admin.entered import EnteredInline
from snapshots.admin.saxo_login import SaxoLogin
from snapshots.models import COUNTED, Account

NOTHING = "—"


@admin.register(Account)
class AccountAdmin(SaxoLogin):
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        rows = Account.objects.visible_to(request.user)
        return rows.annotate(
            last_slot_at=Max("snapshots__slot_at", filter=Q(snapshots__status__in=COUNTED))
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk}

    @admin.display(description="Last snapshot", ordering="last_slot_at", empty_value=NOTHING)
    def last_slot_at(self, account: Any) -> Any:
        return moment_cell(account.last_slot_at, account.timezone, timezone.now())
