"""System checks: settings that name exchanges which nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from prices.opening import UnknownVenue, refuse_unknown


def check_exchanges(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Find names in CCXT_EXCHANGES and in CCXT_NAME_URL and the like that ccxt does not know."""
    hints = [
        (name, "Write names of ccxt in CCXT_EXCHANGES, such as binance,kraken.")
        for name in settings.CCXT_EXCHANGES
    ] + [
        (name, f"A variable begins with CCXT_{name.upper()}_. Rename it, or take it away.")
        for name in settings.CCXT_SETTINGS
    ]
    return [error for name, hint in hints for error in _errors(name, hint)]


def _errors(name: str, hint: str) -> Iterator[Error]:
    try:
        refuse_unknown(name)
    except UnknownVenue as exc:
        yield Error(str(exc), hint=hint, id="prices.E001")
