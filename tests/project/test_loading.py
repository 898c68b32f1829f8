"""What a process loads: schedulers and their children serve no page."""

from __future__ import annotations

import os
import subprocess
import sys

from django.contrib import admin
from django.core.checks import Tags, run_checks
from django.urls import get_resolver

from tests.house.tree import ROOT

SCHEDULER = """
import django, sys
django.setup()
from scheduling.management.commands.runapscheduler import Command
Command().check(**Command().get_check_kwargs({}))
heavy = {"ccxt", "exchange_calendars", "httpx", "pandas", "pyarrow", "requests"}
pages = {name for name in sys.modules if name.partition(".")[2].startswith(("admin", "api"))}
ours = {name for name in pages if name.partition(".")[0] in {"scheduling", "prices", "snapshots"}}
print(*sorted(heavy & set(sys.modules) | ours))
"""


def test_a_scheduler_loads_neither_pages_nor_heavy_libraries() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", SCHEDULER],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "project.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.split() == []


def test_the_pages_of_the_admin_are_in_order() -> None:
    get_resolver().url_patterns  # noqa: B018  # loads the pages, as the first request does

    assert "scheduling.job" in {model._meta.label_lower for model in admin.site._registry}
    assert run_checks(tags=[Tags.admin]) == []
