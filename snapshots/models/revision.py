from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField


class SnapshotRevision(models.Model):
    """What a snapshot said until it was replaced, the newest first."""

    snapshot = models.ForeignKey(
        "snapshots.Snapshot", on_delete=models.CASCADE, related_name="revisions"
    )
    replaced_at = models.DateTimeField(help_text="Until when it said so.")
    status = models.CharField(max_length=10)
    as_of = models.DateTimeField(null=True)
    total_value = ExactDecimalField(null=True)
    total_usd = ExactDecimalField(null=True, verbose_name="total in USD")
    run_id = models.BigIntegerField(null=True, help_text="The run that took it.")
    document: models.JSONField[Any, Any] = models.JSONField(
        help_text="All its columns, with its parts and positions."
    )

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"Until {self.replaced_at:%Y-%m-%d %H:%M}Z"


class SnapshotReview(models.Model):
    """Who decided what about a snapshot, when and why. Only ever added to."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        EDITED = "edited"
        CONFIRMED = "confirmed", "Confirmed by later answers"

    snapshot = models.ForeignKey(
        "snapshots.Snapshot", on_delete=models.CASCADE, related_name="reviews"
    )
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField()
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reviewer_name = models.CharField(
        max_length=150, blank=True, help_text="Outlives the user; empty: nobody, but later answers."
    )
    status_before = models.CharField(max_length=10)
    status_after = models.CharField(max_length=10)
    total_before = ExactDecimalField(null=True, help_text="In the snapshot's currency.")
    total_after = ExactDecimalField(null=True, help_text="In the snapshot's currency.")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="review_has_a_reason"),
            models.CheckConstraint(
                condition=Q(verdict__in=["accepted", "rejected", "edited", "confirmed"]),
                name="review_verdict_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.reviewer_name or 'later answers'}"
