"""The tasks that jobs can run, and the jobs that the code ships with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from scheduling.exceptions import UnknownTask
from scheduling.parameters import Parameters
from scheduling.triggers import TriggerSpec

Isolation = Literal["thread", "process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A function that jobs can run, under a name that outlives its module."""

    name: str
    label: str
    description: str
    function: Callable[..., Any]
    parameters: Parameters
    timeout: int  # seconds; what a job starts with
    isolation: Isolation
    max_attempts: int
    backoff: int  # seconds before the second attempt, doubled for each further one
    retry_lost: bool  # False: the task must not run twice (orders)
    aliases: tuple[str, ...]

    def __post_init__(self) -> None:
        least = {"timeout": 1, "max_attempts": 1, "backoff": 0}
        for option, limit in least.items():
            if getattr(self, option) < limit:
                raise ValueError(f"Task {self.name!r}: {option} must be at least {limit}.")
        if self.isolation not in ("thread", "process"):
            raise ValueError(f"Task {self.name!r}: isolation must be 'thread' or 'process'.")

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultJob:
    """A job that `sync_jobs` creates. Policies left out are those of the task.

    paused  returns why the job starts paused; empty: it does not
    """

    key: str
    name: str
    task: str
    trigger: TriggerSpec
    description: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    paused: Callable[[], str] = str


class Registry:
    """Tasks and default jobs by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._aliases: dict[str, str] = {}
        self.default_jobs: dict[str, DefaultJob] = {}

    def add(self, task: Task) -> None:
        """Register `task`; raise ValueError if another function has its name or an alias."""
        for name in (task.name, *task.aliases):
            known = self._find(name)
            if known is not None and _place_of(known) != _place_of(task):
                both = f"{_place_of(known)} and {_place_of(task)}"
                raise ValueError(f"Two tasks are called {name!r}: {both}. Rename one of them.")
        self._tasks[task.name] = task
        self._aliases.update(dict.fromkeys(task.aliases, task.name))

    def get(self, name: str) -> Task:
        """Return the task called `name`, now or formerly.

        Raise UnknownTask if no installed app registers it.
        """
        task = self._find(name)
        if task is None:
            close = get_close_matches(name, self.names(), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise UnknownTask(f"Unknown task {name!r}: no installed app has it.{hint}")
        return task

    def names(self) -> list[str]:
        return sorted(self._tasks)

    def all_names(self) -> list[str]:
        """Names and aliases: what a worker with this code can run."""
        return sorted([*self._tasks, *self._aliases])

    def present_name(self, name: str) -> str:
        """Return what the task that was once called `name` is called now."""
        return self._aliases.get(name, name)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks[name] for name in self.names())

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def _find(self, name: str) -> Task | None:
        return self._tasks.get(self.present_name(name))


def _place_of(task: Task) -> str:
    return f"{task.function.__module__}.{task.function.__qualname__}"


registry = Registry()


def task(
    name: str,
    *,
    timeout: int = 300,
    isolation: Isolation = "thread",
    max_attempts: int = 1,
    backoff: int = 30,
    retry_lost: bool = False,
    aliases: tuple[str, ...] = (),
    label: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a typed function, sync or async, as the task `name`.

    timeout     seconds that a job of this task gets unless it says otherwise
    isolation   "process" for code that may hang, crash or eat memory: it can be killed
    retry_lost  True if the task may run again after its worker died in mid-run
    aliases     former names, so that old jobs go on
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        description = inspect.getdoc(function) or ""
        registry.add(
            Task(
                name=name,
                label=label or name.rpartition(".")[2].replace("_", " ").capitalize(),
                description=description,
                function=function,
                parameters=Parameters.of(function),
                timeout=timeout,
                isolation=isolation,
                max_attempts=max_attempts,
                backoff=backoff,
                retry_lost=retry_lost,
                aliases=aliases,
            )
        )
        return function

    return register


def default_job(
    *,
    key: str,
    name: str,
    task: str,
    trigger: TriggerSpec,
    description: str = "",
    params: dict[str, Any] | None = None,
    paused: Callable[[], str] = str,
    **policy: Any,
) -> None:
    """Ship a job with the code: `sync_jobs` creates it where it is missing.

    paused  returns why the job starts paused, as it needs keys that are not set; empty: it does
            not. It is asked when the job is made, and never again: who resumes it is right.
    """
    registry.default_jobs[key] = DefaultJob(
        key=key,
        name=name,
        task=task,
        trigger=trigger,
        description=description,
        params=params or {},
        policy=policy,
        paused=paused,
    )
