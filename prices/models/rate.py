from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from prices.models.decimals import ExactDecimalField


class Rate(models.Model):
    """What one unit of a currency cost in another one, and who says so.

    Official rates and those that an exchange implies (KRW-USDT and its premium) are two series:
    whoever asks names the kind, and gets no other.
    """

    class Kind(models.TextChoices):
        OFFICIAL = "official", "Of a central bank or a bank"
        IMPLIED = "implied", "Implied by the prices of an exchange"

    base_currency = models.CharField(max_length=20, help_text="What is bought: USD.")
    quote_currency = models.CharField(max_length=20, help_text="What it is paid in: KRW.")
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=100, help_text="Who says so: ECB, kis, upbit.")
    at = models.DateTimeField(help_text="When it was so.")
    rate = ExactDecimalField(help_text="Quote currency for one unit of the base currency.")

    class Meta:
        ordering: ClassVar = ["base_currency", "quote_currency", "-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["base_currency", "quote_currency", "kind", "source", "at"],
                name="rate_once_per_source_and_instant",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["official", "implied"]), name="rate_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_positive"),
            models.CheckConstraint(
                condition=~Q(base_currency=F("quote_currency")), name="rate_has_two_currencies"
            ),
        ]
        # For the newest rate of a pair and kind at an instant, whoever says so.
        indexes: ClassVar = [
            models.Index(
                fields=["base_currency", "quote_currency", "kind", "-at"], name="rate_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.base_currency}/{self.quote_currency} {self.at:%Y-%m-%d %H:%M}Z"
