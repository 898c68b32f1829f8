from __future__ import annotations

import json
import os
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.db import connections


class ChaosConfig(AppConfig):
    """Breaks the process that it is in as the environment says; does nothing without."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from tests.chaos import clock, failpoints

        for name, value in json.loads(os.environ.get("CHAOS_SETTINGS", "{}")).items():
            setattr(settings, name, value)
        if patience := os.environ.get("CHAOS_SQLITE_TIMEOUT"):
            connections.settings["default"]["OPTIONS"]["timeout"] = float(patience)
        if path := os.environ.get("CHAOS_CLOCK"):
            clock.follow(Path(path))
        if failpoint := os.environ.get("CHAOS_FAILPOINT"):
            failpoints.install(failpoint)
