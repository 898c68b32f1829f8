"""What a process loads: schedulers and their children serve no page."""

from __future__ import annotations

import os
import subprocess
import sys

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


CHECK = """
import django
django.setup()
from django.contrib import admin
from django.core.checks import Tags, run_checks
print(*run_checks(tags=[Tags.admin]), *(model.__name__ for model in admin.site._registry))
"""


def printed(code: str) -> list[str]:
    """Return the words that a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "project.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_scheduler_loads_neither_pages_nor_heavy_libraries() -> None:
    assert printed(SCHEDULER) == []


def test_the_pages_of_the_admin_are_checked_and_in_order() -> None:
    words = printed(CHECK)

    assert "Job" in words
    assert not [word for word in words if "admin.E" in word]
