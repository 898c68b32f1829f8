"""The rates that turn an account's currency into USD and into the reporting currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from snapshots.sources.base import InvalidSettings
from snapshots.sources.numbers import read_number

USD = "USD"
SETTING = "usd_rate"
EXAMPLE = '{"usd_rate": {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}}'
MAX_SOURCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UsdRate:
    """What one unit of a currency was worth in USD.

    rate    USD per unit, more than 0
    at      when it was so, aware UTC
    source  who says so
    """

    rate: Decimal
    at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one unit of an account's currency is worth. None = it is that currency itself."""

    to_usd: UsdRate | None
    reporting_currency: str
    to_reporting: UsdRate | None


def find_manual_rate(settings: Mapping[str, Any]) -> UsdRate | None:
    """Return the rate in an account's settings; None if they have none.

    Raise InvalidSettings if it is there and cannot be read.
    """
    given = settings.get(SETTING)
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidSettings(f"The setting {SETTING} is no object. Write it as {EXAMPLE}.")
    source = given.get("source")
    if not isinstance(source, str) or not 0 < len(source.strip()) <= MAX_SOURCE:
        raise InvalidSettings(
            f"{SETTING} needs a 'source' of up to {MAX_SOURCE} characters. For example: {EXAMPLE}."
        )
    return UsdRate(rate=_rate(given), at=_instant(given), source=source.strip())


def _rate(given: Mapping[str, Any]) -> Decimal:
    try:
        rate = read_number(str(given.get("rate", "")))
    except ValueError as exc:
        raise InvalidSettings(f"{SETTING}: 'rate': {exc} For example: {EXAMPLE}.") from exc
    if rate <= 0:
        raise InvalidSettings(f"{SETTING}: 'rate' is USD per unit, so it is more than 0.")
    return rate


def _instant(given: Mapping[str, Any]) -> datetime:
    """Read a date, which means its midnight in UTC, or an instant with its offset."""
    text = str(given.get("at", ""))
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InvalidSettings(
            f"{SETTING} needs 'at', the date of the rate. For example: {EXAMPLE}."
        ) from exc
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if len(text) > len("2026-03-02"):
        raise InvalidSettings(f"{SETTING}: 'at' has a time without an offset, such as +01:00.")
    return at.replace(tzinfo=UTC)
