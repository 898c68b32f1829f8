"""Accounts, which people edit, and snapshots, which nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from scheduling.pages.history import History
from snapshots.admin.belongings import PartInline, ReviewInline, RevisionInline, money
from snapshots.admin.credentials import CredentialInline, wanted_by
from snapshots.admin.entered import EnteredInline
from snapshots.admin.reviewing import ReviewPages, review_url
from snapshots.admin.saxo_login import SaxoLogin
from snapshots.figures import plain
from snapshots.models import COUNTED, Account, Snapshot, SnapshotPosition

NOTHING = "—"


@admin.register(Account)
class AccountAdmin(SaxoLogin, ModelAdmin):
    list_display = ("name", "owner", "source", "currency", "timezone", "last_slot_at")
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
        return money(position.value)

    @admin.display(description="Value in USD")
    def worth_usd(self, position: SnapshotPosition) -> str:
        return money(position.value_usd)


@admin.register(Snapshot)
class SnapshotAdmin(ReviewPages, History, ModelAdmin):
    list_display = (
        "account", "kind", "slot", "business_date", "total_in_usd", "positions", "data_from",
        "status", "why_so",
    )  # fmt: skip
    list_display_links = ("account", "slot")
    list_filter = ("kind", "status", "account")
    list_select_related = ("account",)
    date_hierarchy = "business_date"
    show_full_result_count = False
    inlines = (PartInline, ReviewInline, RevisionInline, PositionInline)
    fieldsets = (
        (None, {"fields": (
            "account", "kind", "slot", "business_date", "status", "why_so", "fresh",
            "data_from", "run", "review",
        )}),
        ("Value", {"fields": (
            "total", "total_in_usd", "rate", "reported", "positions", "hidden",
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

    @admin.display(description="Why")
    def why_so(self, snapshot: Snapshot) -> str:
        return snapshot.why or NOTHING

    @admin.display(description="Fresh")
    def fresh(self, snapshot: Snapshot) -> str:
        return NOTHING if snapshot.quality is None else f"{snapshot.quality:.1%} of the value"

    @admin.display(description="Decide")
    def review(self, snapshot: Snapshot) -> str:
        link = '<a class="text-primary-600" href="{}">Accept, reject or edit</a>'
        return format_html(link, review_url(snapshot.pk))

    @admin.display(description="In the reporting currency")
    def reported(self, snapshot: Snapshot) -> str:
        text = f"{money(snapshot.total_reporting)} {snapshot.reporting_currency}"
        if snapshot.reporting_rate is None or snapshot.reporting_at is None:
            return text
        says = f"{snapshot.reporting_source}, {snapshot.reporting_at:%Y-%m-%d}"
        return f"{text} at {plain(snapshot.reporting_rate, 2)} ({says})"

    @admin.display(description="Total")
    def total(self, snapshot: Snapshot) -> str:
        return f"{money(snapshot.total_value)} {snapshot.currency}"

    @admin.display(description="Total in USD")
    def total_in_usd(self, snapshot: Snapshot) -> str:
        return money(snapshot.total_usd)

    @admin.display(description="Rate")
    def rate(self, snapshot: Snapshot) -> str:
        if snapshot.fx_rate is None or snapshot.fx_at is None:
            return "Not needed: the values are in USD."
        says = f"{snapshot.fx_source}, {snapshot.fx_at:%Y-%m-%d}"
        return f"{plain(snapshot.fx_rate, 2)} USD per {snapshot.currency} ({says})"

    @admin.display(description="Hidden positions")
    def hidden(self, snapshot: Snapshot) -> str:
        worth = money(snapshot.dust_value_usd)
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
