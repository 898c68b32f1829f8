"""Flows, entered by hand or imported."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from snapshots.figures import plain
from snapshots.models import Account, Flow


@admin.register(Flow)
class FlowAdmin(ModelAdmin):
    list_display = ("at", "account", "exact_amount", "kind", "is_internal", "source", "note")
    list_filter = ("kind", "is_internal", "source", "account")
    list_select_related = ("account",)
    search_fields = ("note", "ticker", "external_id")
    date_hierarchy = "at"
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("account", "at", "amount", "currency", "kind", "is_internal", "note")}),
        ("Coins or securities", {"fields": ("ticker", "quantity")}),
        ("Rate, if the amount is not in USD", {"fields": ("fx_rate", "fx_at", "fx_source")}),
        ("Record", {"fields": ("amount_usd", "source", "external_id", "created_at")}),
    )
    readonly_fields = ("amount_usd", "source", "external_id", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flow]:
        return Flow.objects.visible_to(request.user)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "account":
            options["queryset"] = Account.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **options)

    @admin.display(description="Amount")
    def exact_amount(self, flow: Flow) -> str:
        return f"{plain(flow.amount, 2)} {flow.currency}"
