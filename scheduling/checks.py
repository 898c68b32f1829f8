"""System checks: settings and libraries that contradict what the engine needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.db import connection

from scheduling.options import Options

TAG = "scheduling"
AT_LEAST_ONE = ("threads", "processes", "batch", "catch_up_cap", "queue_cap")
SQLITE_NEEDED = (3, 35, 0)  # UPDATE … FROM and upserts in one statement


def check_options(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Find knobs that would make living workers look dead, or nothing run at all."""
    options = Options()
    errors: list[CheckMessage] = []
    if options.heartbeat * 2 > options.lease:
        errors.append(
            Error(
                f"A heartbeat every {options.heartbeat:g} s does not keep a lease of "
                f"{options.lease:g} s alive.",
                hint="Set SCHEDULING_HEARTBEAT to less than half of SCHEDULING_LEASE.",
                id="scheduling.E001",
            )
        )
    if options.tick_alarm <= options.max_sleep + options.heartbeat:
        errors.append(
            Error(
                f"A scheduler that ticks every {options.max_sleep:g} s and says so every "
                f"{options.heartbeat:g} s looks dead after {options.tick_alarm:g} s.",
                hint="Set SCHEDULING_TICK_ALARM to more than SCHEDULING_MAX_SLEEP and "
                "SCHEDULING_HEARTBEAT together.",
                id="scheduling.E004",
            )
        )
    if min(getattr(options, name) for name in AT_LEAST_ONE) < 1:
        names = [f"SCHEDULING_{name.upper()}" for name in AT_LEAST_ONE]
        errors.append(
            Error(
                f"{', '.join(names[:-1])} and {names[-1]} must be 1 or more.",
                hint="Jobs would not fire, or their runs wait for ever.",
                id="scheduling.E002",
            )
        )
    if options.sweep > options.lease:
        errors.append(
            Error(
                f"A look for lost runs every {options.sweep:g} s comes too late for a lease of "
                f"{options.lease:g} s.",
                hint="Set SCHEDULING_SWEEP to SCHEDULING_LEASE at the most.",
                id="scheduling.E005",
            )
        )
    return errors


def check_sqlite(
    app_configs: Sequence[AppConfig] | None,
    *,
    version: tuple[int, ...] = sqlite3.sqlite_version_info,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Find an SQLite that is too old for the engine's statements."""
    if connection.vendor != "sqlite" or version >= SQLITE_NEEDED:
        return []
    return [
        Error(
            f"SQLite {'.'.join(map(str, version))} is too old.",
            hint="Install a Python with SQLite 3.35 or newer, or use PostgreSQL.",
            id="scheduling.E003",
        )
    ]
