from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import ClassVar

from django.db import connection, models

# Adds to what other processes have counted: Django's own upsert can only replace.
ADD = """
INSERT INTO prices_budgetuse (venue, "key", "group", job, hour, calls) VALUES {rows}
ON CONFLICT (venue, "key", "group", job, hour)
DO UPDATE SET calls = prices_budgetuse.calls + excluded.calls
"""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """What calls are counted by. `hour` is when it begins; `job` is empty if there was none."""

    venue: str
    key: str
    group: str
    job: str
    hour: datetime


class BudgetUseQuerySet(models.QuerySet["BudgetUse"]):
    def add(self, counts: Mapping[Use, int]) -> None:
        """Count calls, in one statement."""
        if not counts:
            return
        adapt = connection.ops.adapt_datetimefield_value
        values = [
            value
            for use, calls in sorted(counts.items())  # in one order: no two wait for each other
            for value in (*astuple(use)[:-1], adapt(use.hour), calls)
        ]
        rows = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(counts))
        with connection.cursor() as cursor:
            cursor.execute(ADD.format(rows=rows), values)


class BudgetUse(models.Model):
    """How many calls a job made within an hour of what a venue counts together."""

    venue = models.CharField(max_length=40)
    key = models.CharField(max_length=40, blank=True)
    group = models.CharField(max_length=40)
    job = models.CharField(max_length=100, blank=True, help_text="Its key; empty: no job.")
    hour = models.DateTimeField(help_text="When it begins.")
    calls = models.PositiveIntegerField()

    objects = BudgetUseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["venue", "key", "group", "-hour", "job"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["venue", "key", "group", "job", "hour"], name="budget_use_once_per_hour"
            )
        ]
        # For what is old.
        indexes: ClassVar = [models.Index(fields=["hour"], name="budget_use_hour")]

    def __str__(self) -> str:
        return f"{self.calls} calls for {self.group} of {self.venue} by {self.job or 'nobody'}"
