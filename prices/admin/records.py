"""What is known beside candles: fundamentals and revisions to read, actions and rates to edit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from prices.models import CandleRevision, CorporateAction, Fundamentals, Rate
from prices.points import plain
from scheduling.pages.cells import NOTHING, two_lines
from scheduling.pages.history import History

FIGURES = (
    "market_cap", "listed_shares", "capital", "face_value", "sales", "operating_profit",
    "ordinary_profit", "net_income", "roe",
)  # fmt: skip


def exact(name: str, title: str = "") -> Any:
    """Return a column that shows a decimal with all digits that say something."""

    @admin.display(description=title or name.replace("_", " ").capitalize())
    def shown(self: Any, row: Any) -> Any:
        value = getattr(row, name)
        return NOTHING if value is None else f"{Decimal(plain(value)):,f}"

    return shown


def instant(name: str) -> Any:
    """Return a column that shows an instant in UTC, as charts and candles have it."""

    @admin.display(description=name.replace("_", " ").capitalize(), ordering=name)
    def shown(self: Any, row: Any) -> Any:
        return two_lines(f"{getattr(row, name):%Y-%m-%d}", f"{getattr(row, name):%H:%M:%S} UTC")

    return shown


@admin.register(Fundamentals)
class FundamentalsAdmin(History, ModelAdmin):
    list_display = ("instrument", "stated_on", "fiscal_period", "cap", "sold", "net", "return_")
    list_select_related = ("instrument",)
    list_filter = (("instrument__market", admin.AllValuesFieldListFilter),)
    search_fields = ("instrument__symbol", "instrument__name", "instrument__venue_id")
    ordering = ("-stated_on", "instrument")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = readonly_fields = ("instrument", "stated_on", "fiscal_period", *(
        f"exact_{name}" for name in FIGURES
    ))  # fmt: skip
    cap, sold = exact("market_cap"), exact("sales")
    net, return_ = exact("net_income"), exact("roe", "ROE, percent")
    exact_market_cap, exact_listed_shares = exact("market_cap"), exact("listed_shares")
    exact_capital, exact_face_value = exact("capital"), exact("face_value")
    exact_sales, exact_operating_profit = exact("sales"), exact("operating_profit")
    exact_ordinary_profit, exact_net_income = exact("ordinary_profit"), exact("net_income")
    exact_roe = exact("roe", "ROE, percent")


@admin.register(CandleRevision)
class CandleRevisionAdmin(History, ModelAdmin):
    """What final candles said until their venue changed them."""

    list_display = (
        "instrument", "interval", "began", "opened", "highest", "lowest", "closed", "traded",
        "fetched", "replaced",
    )  # fmt: skip
    list_select_related = ("instrument",)
    list_filter = ("interval", ("instrument__venue", admin.AllValuesFieldListFilter))
    search_fields = ("instrument__symbol", "instrument__venue_id")
    ordering = ("-id",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = readonly_fields = (
        "instrument", "interval", "began", "opened", "highest", "lowest", "closed", "traded",
        "quoted", "fetched", "replaced",
    )  # fmt: skip
    opened, highest, lowest = exact("open"), exact("high"), exact("low")
    closed, traded = exact("close"), exact("volume")
    quoted = exact("quote_volume")
    began, fetched, replaced = instant("opened_at"), instant("fetched_at"), instant("replaced_at")


class PlainNumbers:
    """Beside a form: decimals are shown without zeros that say nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        form: Any = self
        for name, value in form.initial.items():
            if isinstance(value, Decimal):
                form.initial[name] = plain(value)


class CorporateActionForm(PlainNumbers, forms.ModelForm[CorporateAction]):
    class Meta:
        model = CorporateAction
        fields = (
            "instrument", "kind", "effective_at", "price_factor", "volume_factor", "source"
        )  # fmt: skip
        help_texts = {
            "effective_at": "Candles that open before it are adjusted. On the clock of this "
            "installation (TIME_ZONE); candles of a day open at midnight UTC."
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for name in ("price_factor", "volume_factor"):
            factor = values.get(name)
            if factor is not None and factor <= 0:
                self.add_error(name, "A factor is greater than 0: 0.02 for a split of 1 into 50.")
        price, volume = values.get("price_factor"), values.get("volume_factor")
        is_split = values.get("kind") == CorporateAction.Kind.SPLIT
        if is_split and price and volume and abs(price * volume - 1) > Decimal("0.001"):
            self.add_error(
                "volume_factor",
                "A split keeps price times volume: the two factors multiply to 1, as 0.02 and 50.",
            )
        return values


@admin.register(CorporateAction)
class CorporateActionAdmin(ModelAdmin):
    form = CorporateActionForm
    list_display = ("instrument", "kind", "effective", "prices", "volumes", "source")
    list_select_related = ("instrument",)
    list_filter = ("kind", "source")
    search_fields = ("instrument__symbol", "instrument__name", "instrument__venue_id")
    autocomplete_fields = ("instrument",)
    ordering = ("-effective_at",)
    show_full_result_count = False
    effective = instant("effective_at")
    prices, volumes = exact("price_factor", "Times prices"), exact("volume_factor", "Times volumes")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"source": "by hand", **super().get_changeform_initial_data(request)}


class RateForm(PlainNumbers, forms.ModelForm[Rate]):
    class Meta:
        model = Rate
        fields = ("base_currency", "quote_currency", "kind", "source", "at", "rate")
        help_texts = {"at": "When it was so, on the clock of this installation (TIME_ZONE)."}

    def clean_base_currency(self) -> str:
        return str(self.cleaned_data["base_currency"]).strip().upper()

    def clean_quote_currency(self) -> str:
        return str(self.cleaned_data["quote_currency"]).strip().upper()

    def clean_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise ValidationError("A rate is greater than 0.")
        return rate

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > timezone.now():
            raise ValidationError("This is still to come. A rate is of an instant that has been.")
        return at

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("base_currency") and values["base_currency"] == values.get("quote_currency"):
            self.add_error("quote_currency", "A rate is between two currencies.")
        return values


@admin.register(Rate)
class RateAdmin(ModelAdmin):
    form = RateForm
    list_display = ("base_currency", "quote_currency", "exact_rate", "was_so", "kind", "source")
    list_display_links = ("base_currency", "quote_currency")
    list_filter = ("kind", "source", "base_currency", "quote_currency")
    search_fields = ("base_currency", "quote_currency", "source")
    ordering = ("-at",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    exact_rate, was_so = exact("rate"), instant("at")
