"""Where accounts are read from, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snapshots.sources.base import Source, UnknownSource
from snapshots.sources.cointracking import CoinTracking

SOURCES: dict[str, type[Source]] = {"cointracking": CoinTracking}


def open_source(name: str, settings: Mapping[str, Any], *, data_dir: Path) -> Source:
    """Return the source `name`, set up with an account's `settings`.

    Raise UnknownSource, or InvalidSettings.
    """
    if name not in SOURCES:
        raise UnknownSource(f"There is no source {name!r}. Known: {', '.join(sorted(SOURCES))}.")
    return SOURCES[name].configured(settings, data_dir=data_dir)
