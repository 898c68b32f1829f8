from __future__ import annotations

from dataclasses import replace
from types import FunctionType
from typing import Any

import pytest

from scheduling.exceptions import UnknownTask
from scheduling.registry import Registry, Task, registry
from tests import tasks  # noqa: F401  # registers the tasks


def renamed(task: Task, name: str, *aliases: str) -> Task:
    values = {field: getattr(task, field) for field in task.__slots__}
    return Task(**{**values, "name": name, "aliases": aliases})


def test_a_task_is_found_by_its_name() -> None:
    assert registry.get("tests.echo").label == "Echo"


def test_a_task_is_found_by_a_former_name() -> None:
    assert registry.get("tests.former_name").name == "tests.typed"


def test_its_docstring_is_its_description() -> None:
    assert registry.get("tests.echo").description == "Return the text, so many times."


def test_an_unknown_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(UnknownTask, match=r"Did you mean 'tests\.echo'\?"):
        registry.get("tests.ecko")


def test_two_functions_cannot_share_a_name() -> None:
    own = Registry()
    own.add(registry.get("tests.echo"))

    with pytest.raises(ValueError, match=r"Two tasks are called 'tests\.echo'"):
        own.add(renamed(registry.get("tests.fail"), "tests.echo"))


def test_functions_of_one_name_in_two_modules_cannot_share_a_task() -> None:
    def work() -> None: ...

    own, first = Registry(), replace(renamed(registry.get("tests.echo"), "x"), function=work)
    own.add(first)
    elsewhere = FunctionType(work.__code__, {"__name__": "elsewhere"}, "work")
    elsewhere.__qualname__ = work.__qualname__

    with pytest.raises(ValueError, match=r"Two tasks are called 'x': .* and elsewhere\."):
        own.add(replace(first, function=elsewhere))


@pytest.mark.parametrize(
    "options", [{"timeout": 0}, {"max_attempts": 0}, {"backoff": -1}, {"isolation": "gpu"}]
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        replace(registry.get("tests.echo"), **options)


def test_an_alias_cannot_hide_another_task() -> None:
    own = Registry()
    own.add(registry.get("tests.echo"))

    with pytest.raises(ValueError, match=r"Two tasks are called 'tests\.echo'"):
        own.add(renamed(registry.get("tests.fail"), "tests.new", "tests.echo"))


def test_an_async_function_is_a_task_too() -> None:
    assert registry.get("tests.sleep_async").is_async


def test_a_task_keeps_its_author_s_policies() -> None:
    task = registry.get("tests.typed")

    assert (task.max_attempts, task.backoff, task.retry_lost) == (3, 7, True)
