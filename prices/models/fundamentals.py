from __future__ import annotations

from typing import ClassVar

from django.db import models

from prices.models.decimals import ExactDecimalField


class Fundamentals(models.Model):
    """What a venue says of a company on a date; amounts in the instrument's quote currency.

    A figure that the venue leaves out is None, never 0.
    """

    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="fundamentals"
    )
    stated_on = models.DateField(help_text="The date of the list that says so.")
    fiscal_period = models.CharField(
        max_length=20, blank=True, help_text="What sales and profits cover, as the venue writes it."
    )
    market_cap = ExactDecimalField(null=True, blank=True)
    listed_shares = ExactDecimalField(null=True, blank=True)
    capital = ExactDecimalField(null=True, blank=True)
    face_value = ExactDecimalField(null=True, blank=True)
    sales = ExactDecimalField(null=True, blank=True)
    operating_profit = ExactDecimalField(null=True, blank=True)
    ordinary_profit = ExactDecimalField(null=True, blank=True)
    net_income = ExactDecimalField(null=True, blank=True)
    roe = ExactDecimalField(null=True, blank=True, help_text="Return on equity, percent.")

    class Meta:
        verbose_name_plural = "fundamentals"
        ordering: ClassVar = ["instrument", "-stated_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "stated_on"], name="fundamentals_once_per_date"
            )
        ]

    def __str__(self) -> str:
        return f"Fundamentals of {self.stated_on}"
