from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from prices.models.decimals import ExactDecimalField


class Candle(models.Model):
    """Prices and volume of an instrument over [opened_at, opened_at + interval)."""

    class Interval(models.TextChoices):
        MINUTE = "1m", "1 minute"
        FIVE_MINUTES = "5m", "5 minutes"
        QUARTER = "15m", "15 minutes"
        HOUR = "1h", "1 hour"
        FOUR_HOURS = "4h", "4 hours"
        DAY = "1d", "1 day"

    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="candles"
    )
    interval = models.CharField(max_length=3, choices=Interval)
    opened_at = models.DateTimeField()
    open = ExactDecimalField(help_text="Quote currency per unit, as the other prices.")
    high = ExactDecimalField()
    low = ExactDecimalField()
    close = ExactDecimalField()
    volume = ExactDecimalField(help_text="Units of the instrument.")
    is_final = models.BooleanField(
        default=False, help_text="The interval is over and the venue changes it no more."
    )

    class Meta:
        ordering: ClassVar = ["instrument", "interval", "opened_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "opened_at"], name="candle_once_per_interval"
            ),
            models.CheckConstraint(
                condition=Q(interval__in=["1m", "5m", "15m", "1h", "4h", "1d"]),
                name="candle_interval_is_known",
            ),
            models.CheckConstraint(
                condition=Q(open__gte=F("low"), close__gte=F("low"), high__gte=F("low")),
                name="candle_low_is_the_lowest",
            ),
            models.CheckConstraint(
                condition=Q(open__lte=F("high"), close__lte=F("high")),
                name="candle_high_is_the_highest",
            ),
            models.CheckConstraint(
                condition=Q(volume__gte=0), name="candle_volume_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interval} candle from {self.opened_at:%Y-%m-%d %H:%M}Z"
