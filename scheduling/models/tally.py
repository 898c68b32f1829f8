from __future__ import annotations

from django.db import models


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
