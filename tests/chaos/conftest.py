"""A table at the end: what was expected of each scenario, and what became of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from scheduling.models import Run
from tests.chaos.clock import MovedClock
from tests.chaos.counting import Tally
from tests.installation import Installation

HEADS = (
    "scenario", "database", "expected", "executed", "duplicates", "lost", "stuck", "recovered",
)  # fmt: skip


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Set the database up also when no test is marked: these share it by the module."""
    with django_db_blocker.unblock():
        if Run._meta.db_table in connection.introspection.table_names():
            yield
            return
        config = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        yield
        teardown_databases(config, verbosity=0)


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The tests' database, for all tests of a module, and empty afterwards."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", verbosity=0, interactive=False)
        connection.close()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos")


@pytest.fixture(scope="module")
def installation(database: None, data_dir: Path) -> Iterator[Installation]:
    """Whole processes that live as long as the tests of a module."""
    with Installation.on_test_database(data_dir) as installation:
        yield installation


@pytest.fixture(scope="module")
def out(data_dir: Path) -> Path:
    """Where tasks leave their lines."""
    return data_dir / "out.txt"


@pytest.fixture(scope="module")
def clock(data_dir: Path) -> MovedClock:
    return MovedClock(data_dir / "clock")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Put a row into the table, and refuse a tally that is not clean."""

    def tell(scenario: str, tally: Tally, *, recovered: float | None = None) -> None:
        seconds = "-" if recovered is None else f"{recovered:.1f} s"
        row = {"scenario": scenario, "database": connection.vendor, **asdict(tally)}
        record_property("chaos", {**row, "recovered": seconds})
        assert tally.is_clean, tally

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == "chaos"
    ]
    if rows := with_earlier(rows):
        terminalreporter.section("under fire")
        for line in table(rows):
            terminalreporter.write_line(line)


def with_earlier(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return also the rows of the pass on the other database, in `make chaos`."""
    if not (name := os.environ.get("CHAOS_TABLE")):
        return rows
    with Path(name).open("a+") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
        file.seek(0)
        return [json.loads(line) for line in file]


def table(rows: list[dict[str, Any]]) -> list[str]:
    cells = [HEADS, *(tuple(str(row[head]) for head in HEADS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
