from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.figures import plain

if TYPE_CHECKING:
    from snapshots.models.snapshot import Snapshot


class RevisionQuerySet(models.QuerySet["SnapshotRevision"]):
    def keep(self, snapshot: Snapshot, *, now: datetime) -> SnapshotRevision:
        """Keep what the database says of a snapshot, before it says something else."""
        stored = type(snapshot)._default_manager.get(pk=snapshot.pk)
        return self.create(
            snapshot=stored,
            replaced_at=now,
            status=stored.status,
            as_of=stored.as_of,
            total_value=stored.total_value,
            total_usd=stored.total_usd,
            run_id=stored.run_id,
            document={
                **_columns(stored),
                "parts": [_columns(part) for part in stored.parts.all()],
                "positions": [_columns(position) for position in stored.positions.all()],
            },
        )


def _columns(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: _json_value(getattr(row, field.attname))
        for field in row._meta.concrete_fields
    }


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value


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

    objects = RevisionQuerySet.as_manager()

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
        EXPLAINED = "explained", "Explained by what is known since"

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
        max_length=150, blank=True, help_text="Outlives the user; empty: nobody, but the guards."
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
                condition=Q(
                    verdict__in=["accepted", "rejected", "edited", "confirmed", "explained"]
                ),
                name="review_verdict_is_known",
            ),
        ]

    def __str__(self) -> str:
        by = f" by {self.reviewer_name}" if self.reviewer_name else ""
        return f"{self.get_verdict_display()}{by}"
