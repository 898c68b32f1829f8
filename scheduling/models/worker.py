from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

from scheduling.models.run import Run


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self, now: datetime, lease: timedelta) -> WorkerQuerySet:
        """Workers whose heartbeat is younger than the lease."""
        return self.filter(stopped_at=None, heartbeat_at__gte=now - lease)

    def dead(self, now: datetime, lease: timedelta) -> WorkerQuerySet:
        """Workers that are silent for the lease, if their clocks and ours agree."""
        return self.unburied().filter(heartbeat_at__lt=now - lease)

    def unburied(self) -> WorkerQuerySet:
        """Workers that said no good-bye, or left runs behind that run no more."""
        # Not a join: it would read every run that the dead of the last month have left.
        running = Run.objects.filter(worker=models.OuterRef("pk"), status=Run.Status.RUNNING)
        return self.filter(models.Q(stopped_at=None) | models.Exists(running))

    def schedulers(self) -> WorkerQuerySet:
        return self.filter(is_scheduler=True)

    def knowing(self, task: str, now: datetime, lease: timedelta) -> bool:
        """Tell whether a living worker has code for `task`."""
        lists = self.alive(now, lease).values_list("tasks", flat=True)
        return any(task in tasks for tasks in lists)


class Worker(models.Model):
    """A process that runs runs; most also fire jobs. Alive while its heartbeat is young."""

    name = models.CharField(max_length=255, help_text="Host and process id.")
    is_scheduler = models.BooleanField(default=True)
    tasks = models.JSONField(default=list, help_text="Names of the tasks its code knows.")
    capacity = models.PositiveIntegerField(default=0, help_text="Runs at once.")
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(db_index=True)
    last_tick_at = models.DateTimeField(null=True, help_text="When it last looked for due jobs.")
    trouble = models.TextField(blank=True, help_text="Why the last tick failed, if it did.")
    database_errors = models.PositiveBigIntegerField(
        default=0,
        db_default=0,  # for code that does not know it yet, and runs beside
        help_text="Times that the database failed it since it started.",
    )
    stopped_at = models.DateTimeField(null=True, help_text="Set when it ended in good order.")

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-started_at"]

    def __str__(self) -> str:
        return self.name
