"""Snapshots, which people look at, and nobody edits by hand."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import TabularInline

from scheduling.pages.cells import two_lines
from scheduling.pages.history import History
from snapshots.admin.belongings import PartInline, ReviewInline, RevisionInline, money
from snapshots.admin.cells import changes_table, clock, local, run_link, state_label
from snapshots.admin.reviewing import ReviewPages, review_url
from snapshots.figures import plain, readable
from snapshots.models import Snapshot, SnapshotPosition
from snapshots.valuing.rates import USD

NOTHING = "—"


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
class SnapshotAdmin(History, ReviewPages):
    list_display = ("name", "slot", "worth", "changed", "state", "fresh", "data_from")
    list_display_links = ("name", "slot")
    list_filter = ("status", "kind", "account")
    list_select_related = ("account",)
    date_hierarchy = "business_date"
    show_full_result_count = False
    inlines = (PartInline, ReviewInline, RevisionInline, PositionInline)
    fieldsets = (
        (None, {"fields": (
            "account", "slot", "status", "why_so", "fresh", "data_from", "run", "review", "changes",
        )}),
        ("Value", {"fields": (
            "total", "total_in_usd", "rate", "reported", "positions", "hidden",
        )}),
        ("Record", {"fields": ("created", "updated")}),
    )  # fmt: skip

    class Media:
        css: ClassVar = {"all": ["snapshots/portfolio.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        earlier = Snapshot.objects.counted().filter(
            account=OuterRef("account"), kind=OuterRef("kind"), slot_at__lt=OuterRef("slot_at")
        )
        before = Subquery(earlier.order_by("-slot_at").values("total_value")[:1])
        rows = Snapshot.objects.visible_to(request.user).select_related("account")
        return rows.annotate(total_before=before)

    def get_inlines(self, request: HttpRequest, obj: Snapshot | None) -> Any:
        """Leave out what there is nothing of."""
        return [
            one for one in self.inlines if obj and one.model.objects.filter(snapshot=obj).exists()
        ]

    @admin.display(description="Account", ordering="account")
    def name(self, snapshot: Snapshot) -> str:
        return two_lines(snapshot.account.name, snapshot.account.source, str(snapshot.account))

    @admin.display(description="Slot", ordering="slot_at")
    def slot(self, snapshot: Snapshot) -> str:
        zone = f"{snapshot.get_kind_display()}, {snapshot.account.timezone}"
        return two_lines(clock(snapshot.account, snapshot.slot_at), zone)

    @admin.display(description="Total")
    def worth(self, snapshot: Snapshot) -> str:
        if snapshot.total_value is None:
            return NOTHING
        usd = "" if snapshot.currency == USD else f"{money(snapshot.total_usd)} USD"
        return two_lines(f"{money(snapshot.total_value)} {snapshot.currency}", usd)

    @admin.display(description="Change")
    def changed(self, snapshot: Any) -> str:
        """Since the one before of its kind that counts."""
        before, total = snapshot.total_before, snapshot.total_value
        if before is None or total is None:
            return NOTHING
        percent = f"{100 * (total - before) / abs(before):+,.2f} %" if before else ""
        return two_lines(readable(total - before, "+"), percent, f"before: {money(before)}")

    @admin.display(description="Status", ordering="status")
    def state(self, snapshot: Snapshot) -> str:
        why = snapshot.why
        return two_lines(state_label(snapshot), why, why)

    @admin.display(description="Why")
    def why_so(self, snapshot: Snapshot) -> str:
        return snapshot.why or NOTHING

    @admin.display(description="Data from", ordering="as_of")
    def data_from(self, snapshot: Snapshot) -> str:
        if snapshot.as_of is None:
            return NOTHING
        return two_lines(clock(snapshot.account, snapshot.as_of), snapshot.account.timezone)

    @admin.display(description="Positions")
    def positions(self, snapshot: Snapshot) -> int:
        return snapshot.position_count

    @admin.display(description="Fresh", ordering="quality")
    def fresh(self, snapshot: Snapshot) -> str:
        return (
            NOTHING
            if snapshot.quality is None
            else f"{100 * snapshot.quality:.0f}\N{NO-BREAK SPACE}%"
        )

    @admin.display(description="What changed")
    def changes(self, snapshot: Snapshot) -> str:
        return changes_table(snapshot, timezone.now())

    @admin.display(description="Decide")
    def review(self, snapshot: Snapshot) -> str:
        link = '<a class="db-link" href="{}">Accept, reject or edit</a>'
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

    @admin.display(description="Written")
    def created(self, snapshot: Snapshot) -> str:
        return local(snapshot.account, snapshot.created_at)

    @admin.display(description="Last changed")
    def updated(self, snapshot: Snapshot) -> str:
        return local(snapshot.account, snapshot.updated_at)

    @admin.display(description="Run")
    def run(self, snapshot: Snapshot) -> str:
        return run_link(snapshot.run_id)
