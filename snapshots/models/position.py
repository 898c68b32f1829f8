from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.figures import plain


class SnapshotPosition(models.Model):
    """A position as it was in a snapshot, the largest first."""

    class Kind(models.TextChoices):
        COIN = "coin"
        CURRENCY = "currency"
        COMMODITY = "commodity"
        OTHER = "other"

    snapshot = models.ForeignKey(
        "snapshots.Snapshot", on_delete=models.CASCADE, related_name="positions"
    )
    ticker = models.CharField(max_length=64, help_text="The source's own: SOL2 is not SOL.")
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    location = models.CharField(max_length=200, blank=True, help_text="Exchange or wallet.")
    amount = ExactDecimalField(help_text="Units; negative for what is owed.")
    price = ExactDecimalField(null=True, help_text="Per unit, in the snapshot's currency.")
    value = ExactDecimalField(null=True, help_text="In the snapshot's currency; empty: unpriced.")
    value_usd = ExactDecimalField(null=True, verbose_name="value in USD")
    part = models.CharField(max_length=200, blank=True, help_text="The part that told it.")
    is_carried = models.BooleanField(
        default=False, help_text="Amount or price is of an earlier snapshot."
    )
    priced_at = models.DateTimeField(
        null=True, help_text="When the price was so, if the source tells."
    )
    native_currency = models.CharField(
        max_length=10, blank=True, help_text="What it trades in, if that is another currency."
    )
    native_price = ExactDecimalField(null=True, help_text="Per unit, in that currency.")
    cost = ExactDecimalField(
        null=True, help_text="What it cost, as the source says, in the snapshot's currency."
    )

    class Meta:
        # They are written in the order of their value.
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["coin", "currency", "commodity", "other"]),
                name="position_kind_is_known",
            ),
            models.CheckConstraint(condition=~Q(ticker=""), name="position_has_a_ticker"),
        ]

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.ticker}"
