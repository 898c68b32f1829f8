"""Flows, entered by hand or imported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from snapshots.capture.judging_again import judge_again
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

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: bool) -> None:
        before = Flow.objects.select_related("account").filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        _judge_again(request, [flow for flow in (before, obj) if flow])

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        super().delete_model(request, obj)
        _judge_again(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Flow]) -> None:
        flows = list(queryset.select_related("account"))
        super().delete_queryset(request, queryset)
        _judge_again(request, flows)

    @admin.display(description="Amount")
    def exact_amount(self, flow: Flow) -> str:
        return f"{plain(flow.amount, 2)} {flow.currency}"


def _judge_again(request: HttpRequest, flows: list[Flow]) -> None:
    """Let the guards look at suspects since these flows again, and tell what they accept."""
    since: dict[Account, datetime] = {}
    for flow in flows:
        since[flow.account] = min(flow.at, since.get(flow.account, flow.at))
    explained = [
        snapshot
        for account, at in since.items()
        for snapshot in judge_again(account, at, now=timezone.now())
    ]
    if explained:
        text = f"{len(explained)} suspect snapshot(s) are explained by what is known now: accepted."
        messages.success(request, text)
