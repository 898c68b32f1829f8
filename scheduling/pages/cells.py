"""Small pieces of HTML: labels, cells of two lines, times."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from scheduling.pages.times import Moment

NOTHING = format_html('<span class="db-faint">{}</span>', "—")


def label(text: str, tone: str, tooltip: str = "") -> SafeString:
    return format_html('<span class="db-label db-{}" title="{}">{}</span>', tone, tooltip, text)


def two_lines(first: object, second: object, tooltip: str = "") -> SafeString:
    return format_html(
        '<span class="db-cell" title="{}"><span>{}</span><small>{}</small></span>',
        tooltip, first, second,
    )  # fmt: skip


def moment_cell(at: datetime | None, zone: str, now: datetime) -> SafeString:
    """An instant in `zone`, which is named below it."""
    if at is None:
        return NOTHING
    moment = Moment.of(at, zone, now)
    return two_lines(moment.text, moment.zone, moment.tooltip)


def first_line(text: str, limit: int = 120) -> str:
    lines = text.strip().splitlines()
    return Truncator(lines[0]).chars(limit) if lines else ""
