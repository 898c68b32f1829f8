"""Each rule of the house sees the breach that it is for."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.house import rules
from tests.house.tree import Module

KNOWN = {
    "prices.models",
    "prices.tasks",
    "scheduling.admin.job",
    "scheduling.engine.inline",
    "scheduling.jobstore",
    "scheduling.models",
    "scheduling.models.job",
    "scheduling.registry",
    "snapshots.models",
}


def module(name: str, source: str) -> Module:
    return Module(name, dedent(source))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("scheduling.tick", "from prices.models import Candle"),
        ("scheduling.tick", "import snapshots.models"),
        ("prices.collect", "from scheduling.jobstore import Store"),
        ("prices.collect", "from snapshots import models"),
        ("snapshots.capture.rounds", "from scheduling.engine.inline import run_here"),
        ("snapshots.capture.rounds", "def f():\n    from scheduling.jobstore import Store"),
    ],
)
def test_an_app_imports_only_what_it_may(name: str, source: str) -> None:
    assert len(list(rules.foreign_imports(module(name, source), KNOWN))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("prices.tasks", "from scheduling.registry import task"),
        ("snapshots.capture.rounds", "from scheduling.models.job import Job"),
        ("snapshots.management.commands.snap", "from scheduling.engine.inline import run_here"),
        ("project.urls", "from scheduling.admin import job"),
        ("scheduling.tick", "if TYPE_CHECKING:\n    from prices.models import Candle"),
    ],
)
def test_an_app_imports_what_it_may(name: str, source: str) -> None:
    assert list(rules.foreign_imports(module(name, source), KNOWN)) == []


def test_an_entry_point_is_imported_by_itself_only() -> None:
    source = "from scheduling.admin.job import JobAdmin"

    inside = rules.imported_entry_points(module("scheduling.admin.run", source), KNOWN)
    outside = rules.imported_entry_points(module("scheduling.api.views", source), KNOWN)

    assert list(inside) == []
    assert len(list(outside)) == 1


def test_tasks_are_imported_by_nobody() -> None:
    source = "from prices.tasks import collect"

    assert list(rules.imported_entry_points(module("prices.models", source), KNOWN))


def test_an_import_climbs_no_floor() -> None:
    up = module("scheduling.clock", "from scheduling.models import Job")
    down = module("scheduling.jobstore", "from scheduling.models import Job")

    assert len(list(rules.climbing_imports(up, KNOWN))) == 1
    assert list(rules.climbing_imports(down, KNOWN)) == []


def test_imports_make_no_circle() -> None:
    first = module("prices.first", "from prices.second import b")
    second = module("prices.second", "def b():\n    from prices import first")
    for_types = module("prices.second", "if TYPE_CHECKING:\n    from prices import first")

    assert list(rules.import_cycle([first, second])) == [
        "Import cycle: prices.first -> prices.second -> prices.first"
    ]
    assert list(rules.import_cycle([first, for_types])) == []


def test_imports_stand_on_top_but_in_ready() -> None:
    source = "class A:\n    def ready(self):\n        import os"

    assert len(list(rules.imports_in_functions(module("prices.collect", source)))) == 1
    assert list(rules.imports_in_functions(module("prices.apps", source))) == []


@pytest.mark.parametrize("line", ["import ccxt", "from pyarrow import csv", "import pandas.io"])
def test_heavy_imports_stand_inside_functions(line: str) -> None:
    on_top = module("prices.collect", line)
    inside = module("prices.collect", f"def collect():\n    {line}")

    assert len(list(rules.imports_in_functions(on_top))) == 1
    assert list(rules.imports_in_functions(inside)) == []


def test_a_file_has_at_most_400_lines() -> None:
    assert list(rules.oversized(module("prices.long", "x = 1\n" * 401)))
    assert not list(rules.oversized(module("prices.short", "x = 1\n" * 400)))


@pytest.mark.parametrize(("name", "most"), [("collect", 50), ("test_collects", 25)])
def test_a_function_has_at_most_so_many_lines(name: str, most: int) -> None:
    short = f"async def {name}():\n" + "    x = 1\n" * (most - 1)

    assert list(rules.oversized(module("prices.long", short + "    x = 1\n")))
    assert not list(rules.oversized(module("prices.short", short)))


def test_a_function_takes_at_most_six_arguments() -> None:
    most = "def f(self, a, b, c, *, d, e, f): ..."

    assert list(rules.many_arguments(module("prices.many", most.replace("a,", "a, g,"))))
    assert not list(rules.many_arguments(module("prices.few", most)))


@pytest.mark.parametrize("name", ["prices.utils", "prices.helpers.csv", "snapshots.services"])
def test_a_module_is_named_by_its_role(name: str) -> None:
    assert len(list(rules.forbidden_module_names(module(name, "")))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "class JobExecution: ...",
        "def find_orphans(): ...",
        "class Job:\n    schedule = CharField()",
        "class Job:\n    concurrency: int = 1",
        "urls = [path('x', view, name='periodic-task')]",
    ],
)
def test_a_name_has_the_word_of_the_glossary(source: str) -> None:
    assert len(list(rules.forbidden_words(module("scheduling.words", source)))) == 1


def test_a_word_inside_another_is_no_breach() -> None:
    source = "class Scheduler:\n    scheduled_at = DateTimeField()\n    def barred(self): ..."

    assert list(rules.forbidden_words(module("scheduling.words", source))) == []


@pytest.mark.parametrize("caught", ["", " Exception", " BaseException", " (OSError, Exception)"])
def test_everything_is_caught_at_the_listed_places_only(caught: str) -> None:
    source = f"class A:\n    def f(self):\n        try: g()\n        except{caught}: pass"

    assert list(rules.broad_excepts(module("prices.collect", source))) == [
        "prices.collect.A.f (line 4) catches everything. Name the exceptions."
    ]


def test_named_exceptions_may_be_caught_anywhere() -> None:
    source = "try: f()\nexcept (OSError, ValueError): pass"

    assert list(rules.broad_excepts(module("prices.collect", source))) == []


def test_a_command_that_no_test_calls_is_found() -> None:
    command = module("prices.management.commands.collect", "")
    called = module("tests.test_collect", "def test(): call_command('collect')")
    mentioned = module("tests.test_collect", "def test(): x = 'collect'")

    assert list(rules.untested_commands([command], [called])) == []
    assert len(list(rules.untested_commands([command], [mentioned]))) == 1
