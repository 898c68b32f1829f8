"""How prices look in lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from prices.freshness import Freshness, State
from prices.models import Instrument
from scheduling.pages.cells import NOTHING, label
from scheduling.pages.times import length

FRESHNESS_TONES = {
    State.FRESH: "good",
    State.LATE: "warn",
    State.STALE: "bad",
    State.NEVER: "quiet",
}
STATE_TONES = {
    Instrument.State.TRADING: "good",
    Instrument.State.HALTED: "warn",
    Instrument.State.DELISTED: "quiet",
}
WIDTH, HEIGHT = 120, 28


def state_label(instrument: Instrument) -> SafeString:
    state = Instrument.State(instrument.state)
    return label(state.label, STATE_TONES[state], ", ".join(map(str, instrument.warnings)))


def freshness_label(interval: str, freshness: Freshness) -> SafeString:
    words = f"{interval} {freshness.state}"
    return label(words, FRESHNESS_TONES[freshness.state], freshness_words(freshness))


def freshness_words(freshness: Freshness) -> str:
    if freshness.known_until is None:
        return "Nothing was ever answered."
    known = f"Known until {freshness.known_until:%Y-%m-%d %H:%M} UTC"
    return f"{known}, late by {length(freshness.late)} of trading" if freshness.late else known


def sparkline(closes: Sequence[tuple[datetime, Decimal]], words: str) -> SafeString:
    """Draw prices over time as a line; green if they rose."""
    if len(closes) < 2:
        return NOTHING
    instants = [at.timestamp() for at, _ in closes]
    prices = [float(price) for _, price in closes]
    corners = " ".join(
        f"{x:.1f},{HEIGHT - y:.1f}"
        for x, y in zip(_scaled(instants, WIDTH), _scaled(prices, HEIGHT), strict=True)
    )
    return format_html(
        '<svg class="db-sparkline db-{}" viewBox="-1 -1 {} {}" role="img" aria-label="{}">'
        '<title>{}</title><polyline points="{}"></polyline></svg>',
        "good" if prices[-1] >= prices[0] else "bad", WIDTH + 2, HEIGHT + 2, words, words, corners,
    )  # fmt: skip


def change_words(closes: Mapping[int, list[tuple[datetime, Decimal]]], number: int) -> str:
    """Say by how much a price changed over what is drawn."""
    prices = [price for _, price in closes.get(number, [])]
    if len(prices) < 2 or not prices[0]:
        return ""
    return f"{100 * (prices[-1] / prices[0] - 1):+.1f} % in {len(prices)} candles"


def _scaled(values: Sequence[float], size: int) -> list[float]:
    low, high = min(values), max(values)
    span = high - low
    return [size * (value - low) / span if span else size / 2 for value in values]
