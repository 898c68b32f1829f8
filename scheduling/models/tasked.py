from __future__ import annotations

from typing import Any

from django.db import models

from scheduling.exceptions import InvalidParams, JobConflict, UnknownTask
from scheduling.registry import registry


class Tasked(models.Model):
    """What a job runs: a task of the registry, by name, with its parameters as JSON."""

    task = models.CharField(max_length=200)
    params = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def task_fault(self) -> str:
        """Say why the task cannot be called as it stands; empty if it can."""
        try:
            registry.get(self.task).parameters.validate(self.params)
        except UnknownTask as exc:
            return str(exc)
        except InvalidParams as exc:
            return f"The parameters do not fit the task: {exc}"
        return ""

    def task_errors(self, stored: Tasked | None = None) -> dict[str, list[str]]:
        """Return what is wrong with task and parameters, by model field.

        What is right is put into one form: the task's present name, parameters as JSON values.
        What is `stored` with a task that has become unknown may stay as it is.
        """
        if stored is not None and stored.task not in registry and self.is_same_call(stored):
            return {}
        try:
            task = registry.get(self.task)
            self.params = task.parameters.validate(self.params)
        except UnknownTask as exc:
            return {"task": [str(exc)]}
        except InvalidParams as exc:
            return {"params": [f"{name}: {' '.join(text)}" for name, text in exc.errors.items()]}
        self.task = task.name
        return {}

    def is_same_call(self, other: Tasked) -> bool:
        return (self.task, self.params) == (other.task, other.params)

    def params_with(
        self, overrides: dict[str, Any], *, is_complete: bool = False
    ) -> dict[str, Any]:
        """Return the parameters with some of them replaced, or all if `is_complete`.

        Raise InvalidParams, or JobConflict if the task is unknown.
        """
        try:
            task = registry.get(self.task)
        except UnknownTask as exc:
            raise JobConflict(str(exc)) from exc
        kept = {} if is_complete else self.params
        return task.parameters.validate({**kept, **overrides})
