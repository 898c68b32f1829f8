"""Instruments: what each row of the list shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from prices.admin.cells import change_words, freshness_label, sparkline, state_label
from prices.admin.instrument_page import InstrumentPage
from prices.freshness import State, read_freshness
from prices.models import Candle, Instrument, Interval
from scheduling.pages.cells import NOTHING, two_lines

# What is drawn beside a row: as many candles of the first interval that has some.
DRAWN = (("1d", timedelta(days=90)), ("1h", timedelta(days=4)))
Closes = dict[int, list[tuple[datetime, Decimal]]]


class InstrumentChangeList(ChangeList):
    """Reads prices and freshness of all the instruments on the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        now = timezone.now()
        self.result_list = list(self.result_list)
        ids = [instrument.pk for instrument in self.result_list]
        freshness = read_freshness(Instrument.objects.filter(pk__in=ids), Interval.values, now=now)
        closes = read_closes(ids, now)
        for instrument in self.result_list:
            instrument.freshness = freshness.get(instrument.pk, {})
            instrument.closes = closes


def read_closes(ids: Iterable[int], now: datetime) -> Closes:
    """Return what to draw of each instrument, oldest first: a statement for each interval."""
    found: Closes = {}
    wanted = set(ids)
    for interval, span in DRAWN:
        candles = Candle.objects.filter(
            instrument__in=wanted - set(found), interval=interval, opened_at__gte=now - span
        )
        rows = candles.order_by("instrument", "opened_at")
        for number, at, close in rows.values_list("instrument", "opened_at", "close"):
            found.setdefault(number, []).append((at, close))
    return found


@admin.register(Instrument)
class InstrumentAdmin(InstrumentPage):
    """Instruments come from the lists of venues; people say which are tracked."""

    list_display = (
        "instrument", "where", "kind", "state_label", "tracked", "drawn", "fresh"
    )  # fmt: skip
    list_display_links = ("instrument",)
    list_filter = (
        ("venue", admin.AllValuesFieldListFilter),
        ("market", admin.AllValuesFieldListFilter),
        "kind",
        "state",
        "is_tracked",
    )
    list_per_page = 40
    ordering = ("venue", "symbol")
    search_fields = ("symbol", "venue_id", "name", "local_name", "aliases__venue_id")
    search_help_text = "Symbol, name, the venue's id or one of old"
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    actions = ("track", "do_not_track")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InstrumentChangeList

    @admin.action(description="Track: let jobs collect their candles", permissions=["change"])
    def track(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        count = queryset.update(is_tracked=True)
        self.message_user(request, f"{count} instruments are tracked.", messages.SUCCESS)

    @admin.action(description="Track no more", permissions=["change"])
    def do_not_track(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        count = queryset.update(is_tracked=False)
        self.message_user(request, f"{count} instruments are tracked no more.", messages.SUCCESS)

    @admin.display(description="Instrument", ordering="symbol")
    def instrument(self, instrument: Instrument) -> SafeString:
        name = instrument.name or instrument.local_name
        return two_lines(format_html("<b>{}</b>", instrument.symbol), name, instrument.venue_id)

    @admin.display(description="Venue", ordering="venue")
    def where(self, instrument: Instrument) -> SafeString:
        return two_lines(instrument.venue, instrument.market)

    @admin.display(description="State", ordering="state")
    def state_label(self, instrument: Instrument) -> SafeString:
        return state_label(instrument)

    @admin.display(description="Tracked", ordering="is_tracked", boolean=True)
    def tracked(self, instrument: Instrument) -> bool:
        return instrument.is_tracked

    @admin.display(description="Price")
    def drawn(self, instrument: Any) -> SafeString:
        closes = instrument.closes.get(instrument.pk, [])
        return sparkline(closes, change_words(instrument.closes, instrument.pk))

    @admin.display(description="Candles")
    def fresh(self, instrument: Any) -> SafeString:
        if instrument.state == Instrument.State.DELISTED:
            return NOTHING  # nothing more will come
        known = [
            (freshness_label(interval, freshness),)
            for interval, freshness in instrument.freshness.items()
            if freshness.state != State.NEVER
        ]
        return format_html_join(" ", "{}", known) if known else NOTHING
