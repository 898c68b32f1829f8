"""How templates write numbers."""

from __future__ import annotations

from decimal import Decimal

from django import template

from prices.points import plain as plain_text

register = template.Library()


@register.filter
def plain(number: Decimal) -> str:
    """Write all digits that say something, whatever the language."""
    return plain_text(number)
