from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models

from scheduling.registry import Task


class Policy(models.Model):
    """What happens when a job is late, overlaps itself, hangs or fails."""

    class Overlap(models.TextChoices):
        SKIP = "skip", "Skip: one run at a time, a further one is skipped"
        QUEUE = "queue", "Queue: a further run waits for its turn"
        ALLOW = "allow", "Allow: up to the number of instances at once"

    coalesce = models.BooleanField(
        default=True, help_text="Several missed fire times become one run."
    )
    overlap = models.CharField(max_length=5, choices=Overlap, default=Overlap.SKIP)
    max_instances = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="Runs of this job at once."
    )
    misfire_grace_seconds = models.PositiveIntegerField(
        default=300,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A run that could not start so many seconds after its time is missed. "
        "Empty: it starts however late.",
    )
    timeout_seconds = models.PositiveIntegerField(
        default=300, validators=[MinValueValidator(1)], help_text="An attempt is ended then."
    )
    max_attempts = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="1: no retry."
    )
    backoff_seconds = models.PositiveIntegerField(
        default=30, help_text="Wait before the second attempt; doubled for each further one."
    )
    retry_lost = models.BooleanField(
        default=False, help_text="Run again after a worker died in mid-run."
    )

    FIELDS: ClassVar[tuple[str, ...]] = (
        "coalesce",
        "overlap",
        "max_instances",
        "misfire_grace_seconds",
        "timeout_seconds",
        "max_attempts",
        "backoff_seconds",
        "retry_lost",
    )

    class Meta:
        abstract = True

    def take_policy_of(self, task: Task) -> None:
        """Start with the policies that the task's author chose."""
        self.timeout_seconds = task.timeout
        self.max_attempts = task.max_attempts
        self.backoff_seconds = task.backoff
        self.retry_lost = task.retry_lost

    def policy_errors(self) -> dict[str, list[str]]:
        """Return policies that contradict each other, by model field."""
        if self.overlap == self.Overlap.SKIP and (self.max_instances or 0) > 1:
            return {"max_instances": ["More than one instance needs overlap queue or allow."]}
        return {}
