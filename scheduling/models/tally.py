from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class Tally(models.Model):
    """What the ended runs of a job add up to, those that were deleted since included.

    Runs that ended lately are not in it yet: scheduling.tallies adds them.
    """

    job_key = models.CharField(
        max_length=100, unique=True, help_text="Empty: of all jobs that are gone."
    )
    statuses = models.JSONField(default=dict, help_text="Runs by status.")
    durations = models.JSONField(default=dict, help_text="Runs by upper bound in seconds.")
    duration_microseconds = models.BigIntegerField(default=0, help_text="Of all runs.")
    lateness = models.JSONField(default=dict, help_text="Runs by upper bound in seconds.")
    lateness_microseconds = models.BigIntegerField(default=0, help_text="Of all runs.")
    succeeded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.job_key


class TallyMark(models.Model):
    """How far the tallies go. One row."""

    version = models.BigIntegerField(default=0, help_text="Rises with each change.")
    counted_to = models.BigIntegerField(default=0, help_text="Id of the last run in the tallies.")
    left_out = models.JSONField(
        default=list, help_text="Ids of runs up to there that had not ended."
    )
    seen = models.BigIntegerField(default=0, help_text="Id of the newest run at seen_at.")
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Counted to run {self.counted_to}"


class DayTallyQuerySet(models.QuerySet["DayTally"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> DayTallyQuerySet:
        """What those runs add up to that `user` may see: his own; staff see all."""
        if getattr(user, "is_staff", False):
            return self
        return self.filter(owner_id=user.pk)  # type: ignore[misc]


class DayTally(models.Model):
    """What the ended runs add up to that stand for an instant of one day (UTC).

    Each run is in two rows: in that of its job, and in that of all jobs. Jobs and owners are
    numbers, not foreign keys: they may be deleted, and what happened stays.
    """

    ALL_JOBS = 0
    NO_OWNER = 0

    job_id = models.BigIntegerField(help_text="0: of all jobs, deleted ones included.")
    day = models.DateField(help_text="Of scheduled_at, in UTC.")
    owner_id = models.BigIntegerField(help_text="Of the runs. 0: of nobody.")
    status = models.CharField(max_length=10)
    runs = models.BigIntegerField()
    started = models.BigIntegerField(help_text="Those that started before they ended.")
    duration_microseconds = models.BigIntegerField(help_text="Of all that started.")
    longest_microseconds = models.BigIntegerField()
    lateness_microseconds = models.BigIntegerField(help_text="Of all that started.")
    latest_microseconds = models.BigIntegerField()

    objects = DayTallyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job_id", "day", "owner_id", "status"], name="day_tally_once"
            ),
        ]
        indexes: ClassVar = [
            # For the clean-up: days that are long gone.
            models.Index(fields=["day"], name="day_tally_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.runs} {self.status} on {self.day}"
