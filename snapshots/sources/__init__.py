"""Where accounts are read from, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snapshots.sources.base import Source, UnknownSource
from snapshots.sources.cointracking import CoinTracking
from snapshots.sources.cointracking_api import CoinTrackingApi
from snapshots.sources.manual import Manual
from snapshots.sources.saxo import Saxo
from snapshots.sources.saxo_api import SaxoApi
from snapshots.sources.surroundings import Configured, Surroundings
from snapshots.sources.upbit import Upbit

SOURCES: Mapping[str, Configured] = {
    "cointracking": CoinTracking,
    "cointracking_api": CoinTrackingApi,
    "manual": Manual,
    "saxo": Saxo,
    "saxo_api": SaxoApi,
    "upbit": Upbit,
}

# What files may be uploaded for accounts of these.
UPLOADED: Mapping[str, tuple[str, ...]] = {
    "cointracking": (".csv",),
    "saxo": (".csv", ".xlsx"),
    "manual": (".csv",),
}


def tells_of_the_past(name: str) -> bool:
    """Tell whether accounts of the source `name` can be backfilled."""
    return hasattr(SOURCES.get(name), "history")


def open_source(name: str, settings: Mapping[str, Any], around: Surroundings) -> Source:
    """Return the source `name`, set up with an account's `settings`.

    Raise UnknownSource, or InvalidSettings.
    """
    if name not in SOURCES:
        raise UnknownSource(f"There is no source {name!r}. Known: {', '.join(sorted(SOURCES))}.")
    return SOURCES[name].configured(settings, around)
