from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from prices.models.decimals import ExactDecimalField


class CorporateAction(models.Model):
    """What makes prices before an instant incomparable with those from it on.

    A split of 1 into 50 has price_factor 0.02 and volume_factor 50. Candles stay as they were;
    adjusted series are made when they are read.
    """

    class Kind(models.TextChoices):
        SPLIT = "split", "Split or reverse split"
        DIVIDEND = "dividend"
        RIGHTS = "rights", "Rights or bonus issue"
        REDUCTION = "reduction", "Capital reduction"
        OTHER = "other"

    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="corporate_actions"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    effective_at = models.DateTimeField(help_text="Candles that open before it are adjusted.")
    price_factor = ExactDecimalField(help_text="Times the earlier prices.")
    volume_factor = ExactDecimalField(default=Decimal(1), help_text="Times the earlier volumes.")
    source = models.CharField(max_length=100, help_text="Who says so: kis, detected.")

    class Meta:
        ordering: ClassVar = ["instrument", "effective_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "kind", "effective_at"], name="corporate_action_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["split", "dividend", "rights", "reduction", "other"]),
                name="corporate_action_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(price_factor__gt=0, volume_factor__gt=0),
                name="corporate_action_factors_are_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.effective_at:%Y-%m-%d}"
