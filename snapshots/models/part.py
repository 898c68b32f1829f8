from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField


class SnapshotPart(models.Model):
    """What one part of a source told for a snapshot, or why it did not, and what stands in for it.

    A part that failed is carried at its last accepted value, with its age; or it has none.
    """

    snapshot = models.ForeignKey(
        "snapshots.Snapshot", on_delete=models.CASCADE, related_name="parts"
    )
    name = models.CharField(max_length=200, help_text="A file, a page, an exchange.")
    is_ok = models.BooleanField(help_text="It answered for this slot.")
    error = models.CharField(max_length=1000, blank=True)
    as_of = models.DateTimeField(null=True, help_text="When its values are from.")
    value = ExactDecimalField(
        null=True, help_text="In the snapshot's currency, dust included; empty: not known."
    )
    value_usd = ExactDecimalField(null=True, verbose_name="value in USD")
    dust_count = models.PositiveIntegerField(default=0, help_text="Positions not kept.")
    dust_value = ExactDecimalField(default=0, help_text="What they are worth; part of the value.")
    carried_from_at = models.DateTimeField(
        null=True, help_text="The slot whose values stand in for it; empty: they are its own."
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["snapshot", "name"], name="part_once_per_snapshot_and_name"
            ),
            models.CheckConstraint(
                condition=Q(carried_from_at=None) | Q(is_ok=False, value__isnull=False),
                name="part_carried_when_it_failed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_carried(self) -> bool:
        return self.carried_from_at is not None
