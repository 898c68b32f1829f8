"""The house keeps its own rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from tests.house import rules
from tests.house.tree import APPS, ROOT, Module, read_modules

MODULES = read_modules(*APPS)
TESTS = read_modules("tests")
KNOWN = {module.name for module in MODULES}


def refuse(breaches: Iterable[str]) -> None:
    text = "\n".join(breaches)
    assert not text, text


@pytest.mark.parametrize(
    "rule",
    [rules.foreign_imports, rules.imported_entry_points, rules.climbing_imports],
    ids=lambda rule: rule.__name__,
)
def test_imports_go_down(rule: Callable[[Module, set[str]], Iterator[str]]) -> None:
    refuse(breach for module in MODULES for breach in rule(module, KNOWN))


def test_no_import_goes_in_a_circle() -> None:
    refuse(rules.import_cycle(MODULES))


@pytest.mark.parametrize(
    "rule",
    [
        rules.broad_excepts,
        rules.forbidden_module_names,
        rules.forbidden_words,
        rules.imports_in_functions,
        rules.many_arguments,
        rules.oversized,
    ],
    ids=lambda rule: rule.__name__,
)
def test_modules_keep_the_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    refuse(breach for module in MODULES for breach in rule(module))


@pytest.mark.parametrize("rule", [rules.forbidden_module_names, rules.oversized])
def test_tests_keep_the_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    refuse(breach for module in TESTS for breach in rule(module))


def test_each_command_is_called_in_a_test() -> None:
    refuse(rules.untested_commands(MODULES, TESTS))


def test_each_place_that_may_catch_everything_exists() -> None:
    functions = {
        f"{module.name}.{'.'.join(path)}" for module in MODULES for path in function_paths(module)
    }

    assert rules.BROAD_EXCEPTS - functions == set()


def function_paths(module: Module) -> Iterator[list[str]]:
    for function in module.functions():
        outer = [getattr(node, "name", "") for node in module.around(function)]
        yield [name for name in reversed(outer) if name] + [function.name]


def test_each_app_has_its_import_contract() -> None:
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert apps == set(APPS) == set(rules.MAY_IMPORT)
