from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from prices.models.decimals import ExactDecimalField


class LastPrice(models.Model):
    """What an instrument was traded at last, as its venue said when it was last asked."""

    instrument = models.OneToOneField(
        "prices.Instrument", on_delete=models.CASCADE, primary_key=True, related_name="last_price"
    )
    price = ExactDecimalField(help_text="Quote currency per unit.")
    traded_at = models.DateTimeField(help_text="When that was, which may be long ago.")
    volume = ExactDecimalField(help_text="Units, of the last 24 hours.")
    quote_volume = ExactDecimalField(help_text="What these were worth in the quote currency.")
    fetched_at = models.DateTimeField(help_text="When the venue said so, last.")

    class Meta:
        ordering: ClassVar = ["instrument"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(volume__gte=0, quote_volume__gte=0),
                name="last_price_volumes_are_not_negative",
            )
        ]

    def __str__(self) -> str:
        return f"{self.price:f} at {self.traded_at:%Y-%m-%d %H:%M}Z"
