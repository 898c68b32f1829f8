from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from prices.models.decimals import ExactDecimalField


class Interval(models.TextChoices):
    """The length of a candle."""

    MINUTE = "1m", "1 minute"
    FIVE_MINUTES = "5m", "5 minutes"
    QUARTER = "15m", "15 minutes"
    HOUR = "1h", "1 hour"
    FOUR_HOURS = "4h", "4 hours"
    DAY = "1d", "1 day"

    @property
    def length(self) -> timedelta:
        number, unit = int(self.value[:-1]), self.value[-1]
        return (
            number
            * {
                "m": timedelta(minutes=1),
                "h": timedelta(hours=1),
                "d": timedelta(days=1),
            }[unit]
        )


def is_known_interval(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(interval__in=["1m", "5m", "15m", "1h", "4h", "1d"]), name=name
    )


class Candle(models.Model):
    """Raw prices and volume of an instrument over [opened_at, opened_at + interval).

    `prices.store.write_candles` writes them, `prices.selectors` reads them as arrays.
    """

    # The unique constraint begins with it: an index of its own would only be one more to write.
    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="candles", db_index=False
    )
    interval = models.CharField(max_length=3, choices=Interval)
    opened_at = models.DateTimeField()
    open = ExactDecimalField(help_text="Quote currency per unit, as the other prices.")
    high = ExactDecimalField()
    low = ExactDecimalField()
    close = ExactDecimalField()
    volume = ExactDecimalField(help_text="Units of the instrument.")
    quote_volume = ExactDecimalField(
        null=True, blank=True, help_text="Traded value in the quote currency; empty if untold."
    )
    is_final = models.BooleanField(
        default=False, help_text="The interval is over and the venue changes it no more."
    )
    fetched_at = models.DateTimeField(help_text="When the venue said so, first.")

    class Meta:
        ordering: ClassVar = ["instrument", "interval", "opened_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "opened_at"], name="candle_once_per_interval"
            ),
            is_known_interval("candle_interval_is_known"),
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
            models.CheckConstraint(
                condition=Q(quote_volume=None) | Q(quote_volume__gte=0),
                name="candle_quote_volume_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interval} candle from {self.opened_at:%Y-%m-%d %H:%M}Z"


class CandleRevision(models.Model):
    """What a final candle said until its venue changed it."""

    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    interval = models.CharField(max_length=3, choices=Interval)
    opened_at = models.DateTimeField()
    open = ExactDecimalField()
    high = ExactDecimalField()
    low = ExactDecimalField()
    close = ExactDecimalField()
    volume = ExactDecimalField()
    quote_volume = ExactDecimalField(null=True, blank=True)
    fetched_at = models.DateTimeField(help_text="When the venue said this.")
    replaced_at = models.DateTimeField(help_text="When it said something else.")

    class Meta:
        ordering: ClassVar = ["instrument", "interval", "opened_at", "replaced_at"]
        # For what became of one candle, and of a window of them.
        indexes: ClassVar = [
            models.Index(fields=["instrument", "interval", "opened_at"], name="revision_candle")
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}Z until {self.replaced_at:%Y-%m-%d %H:%M}Z"
