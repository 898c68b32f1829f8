from __future__ import annotations

from typing import ClassVar

from django.db import models


class Instrument(models.Model):
    """What is priced: one thing that a venue lists, under the venue's own id."""

    class Kind(models.TextChoices):
        CRYPTO = "crypto", "Crypto pair"
        STOCK = "stock"
        FUND = "fund", "Fund or ETF"
        FX = "fx", "Currency pair"

    venue = models.CharField(max_length=40, help_text="Where it is listed: upbit, kis.")
    venue_id = models.CharField(max_length=100, help_text="The venue's own name: KRW-BTC.")
    symbol = models.CharField(max_length=40, help_text="Our name of it: BTC/KRW.")
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    base_currency = models.CharField(
        max_length=20, blank=True, help_text="What is bought: BTC. Empty for a stock or a fund."
    )
    quote_currency = models.CharField(max_length=20, help_text="What its price is in: KRW.")

    class Meta:
        ordering: ClassVar = ["venue", "symbol"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["venue", "venue_id"], name="instrument_once_per_venue"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["crypto", "stock", "fund", "fx"]),
                name="instrument_kind_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(venue="") & ~models.Q(venue_id=""),
                name="instrument_has_a_venue_and_its_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} at {self.venue}"
