from __future__ import annotations

from typing import ClassVar

from django.db import models


class LogLine(models.Model):
    """A line that any logger wrote during a run."""

    run = models.ForeignKey("scheduling.Run", on_delete=models.CASCADE, related_name="logs")
    at = models.DateTimeField()
    level = models.CharField(max_length=10)
    logger = models.CharField(max_length=200)
    message = models.TextField()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.message


class Artifact(models.Model):
    """A file that a run left behind."""

    run = models.ForeignKey("scheduling.Run", on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "name"], name="artifact_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
