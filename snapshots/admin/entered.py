"""Positions that are entered by hand, on the page of their account."""

from __future__ import annotations

from unfold.admin import TabularInline

from snapshots.models import EnteredPosition


class EnteredInline(TabularInline):
    model = EnteredPosition
    fields = ("ticker", "name", "kind", "location", "amount", "price", "value")
    verbose_name_plural = "Positions, in the currency of the account"
    extra = 0
