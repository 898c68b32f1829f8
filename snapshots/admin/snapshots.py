"""Accounts, which people edit, and snapshots, which nobody does."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from scheduling.pages.history import History
from snapshots.admin.credentials import CredentialInline, wanted_by
from snapshots.admin.entered import EnteredInline
from snapshots.admin.saxo_login import SaxoLogin
from snapshots.figures import plain
from snapshots.models import Account, Snapshot, SnapshotPosition

NOTHING = "—"


@admin.register(Account)
class AccountAdmin(SaxoLogin, ModelAdmin):
    list_display = ("name", "owner", "source", "currency", "timezone", "last_slot_at")
    list_filter = ("source", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = (
        "owner", "name", "source", "currency", "timezone", "settings", "flows_known_since",
        "flows_known_until",
    )  # fmt: skip
    inlines = (CredentialInline, EnteredInline)

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> Any:
        if obj is not None and obj.source == "manual":
            return (EnteredInline,)
        return (CredentialInline,) if wanted_by(obj) else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        rows = Account.objects.visible_to(request.user)
        return rows.annotate(last_slot_at=Max("snapshots__slot_at"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk}

    @admin.display(description="Last snapshot", ordering="last_slot_at", empty_value=NOTHING)
    def last_slot_at(self, account: Any) -> Any:
        return account.last_slot_at


class PositionInline(History, TabularInline):
    model = SnapshotPosition
    fields = readonly_fields = (
        "ticker", "name", "kind", "location", "exact_amount", "exact_price", "worth", "worth_usd"
    )  # fmt: skip
    verbose_name_plural = "Positions"
    hide_title = True
    extra = 0

    @admin.display(description="Amount")
    def exact_amount(self, position: SnapshotPosition) -> str:
        return plain(position.amount)

    @admin.display(description="Price")
    def exact_price(self, position: SnapshotPosition) -> str:
        return NOTHING if position.price is None else plain(position.price, 2)

    @admin.display(description="Value")
    def worth(self, position: SnapshotPosition) -> str:
        return _money(position.value)

    @admin.display(description="Value in USD")
    def worth_usd(self, position: SnapshotPosition) -> str:
        return _money(position.value_usd)


@admin.register(Snapshot)
class SnapshotAdmin(History, ModelAdmin):
    list_display = (
        "account", "kind", "slot", "business_date", "total_in_usd", "positions", "data_from",
        "status",
    )  # fmt: skip
    list_display_links = ("account", "slot")
    list_filter = ("kind", "status", "account")
    list_select_related = ("account",)
    date_hierarchy = "business_date"
    show_full_result_count = False
    inlines = (PositionInline,)
    fieldsets = (
        (None, {"fields": (
            "account", "kind", "slot", "business_date", "status", "is_complete", "data_from",
            "run",
        )}),
        ("Value", {"fields": (
            "total", "total_in_usd", "rate", "positions", "hidden",
        )}),
        ("Record", {"fields": ("created_at", "updated_at")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        return Snapshot.objects.visible_to(request.user).select_related("account")

    @admin.display(description="Slot", ordering="slot_at")
    def slot(self, snapshot: Snapshot) -> str:
        return _local(snapshot, snapshot.slot_at)

    @admin.display(description="Data from", ordering="as_of")
    def data_from(self, snapshot: Snapshot) -> str:
        return _local(snapshot, snapshot.as_of)

    @admin.display(description="Positions", ordering="position_count")
    def positions(self, snapshot: Snapshot) -> int:
        return snapshot.position_count

    @admin.display(description="Total")
    def total(self, snapshot: Snapshot) -> str:
        return f"{_money(snapshot.total_value)} {snapshot.currency}"

    @admin.display(description="Total in USD")
    def total_in_usd(self, snapshot: Snapshot) -> str:
        return _money(snapshot.total_usd)

    @admin.display(description="Rate")
    def rate(self, snapshot: Snapshot) -> str:
        if snapshot.fx_rate is None or snapshot.fx_at is None:
            return "Not needed: the values are in USD."
        says = f"{snapshot.fx_source}, {snapshot.fx_at:%Y-%m-%d}"
        return f"{plain(snapshot.fx_rate, 2)} USD per {snapshot.currency} ({says})"

    @admin.display(description="Hidden positions")
    def hidden(self, snapshot: Snapshot) -> str:
        worth = _money(snapshot.dust_value_usd)
        return f"{snapshot.dust_count} below {plain(snapshot.min_usd)} USD, together {worth} USD"

    @admin.display(description="Run")
    def run(self, snapshot: Snapshot) -> str:
        if snapshot.run_id is None:
            return NOTHING
        url = reverse("admin:scheduling_run_change", args=[snapshot.run_id])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, snapshot.run_id)


def _local(snapshot: Snapshot, instant: datetime | None) -> str:
    if instant is None:
        return NOTHING
    account = snapshot.account
    return f"{instant.astimezone(account.zone):%Y-%m-%d %H:%M} {account.timezone}"


def _money(value: Decimal | None) -> str:
    return NOTHING if value is None else f"{value:,.2f}"
