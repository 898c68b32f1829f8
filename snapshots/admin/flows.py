"""Flows, entered by hand or imported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from scheduling.pages.cells import moment_cell, two_lines
from snapshots.admin.instants import TellsZone
from snapshots.capture.judging_again import judge_again
from snapshots.figures import plain, readable
from snapshots.models import Account, Flow
from snapshots.valuing.rates import USD


@admin.register(Flow)
class FlowAdmin(TellsZone, ModelAdmin):
    list_display = ("came_at", "account", "exact_amount", "what", "source", "note")
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

    @admin.display(description="At", ordering="at")
    def came_at(self, flow: Flow) -> str:
        return moment_cell(flow.at, flow.account.timezone, timezone.now())

    @admin.display(description="Amount")
    def exact_amount(self, flow: Flow) -> str:
        usd = "" if flow.currency == USD else f"{readable(flow.amount_usd, '+')} USD"
        return two_lines(f"{readable(flow.amount, '+')} {flow.currency}", usd, plain(flow.amount))

    @admin.display(description="What", ordering="kind")
    def what(self, flow: Flow) -> str:
        units = "" if flow.quantity is None else f"{plain(flow.quantity)} {flow.ticker}"
        between = "between own accounts" if flow.is_internal else ""
        return two_lines(flow.get_kind_display(), " · ".join(filter(None, (units, between))))


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
