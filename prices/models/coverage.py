from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from prices.models.candle import Interval, is_known_interval


class Coverage(models.Model):
    """A window [starts_at, ends_at) of openings that a venue was asked about, and answered.

    Where it has no candle nobody traded; where there is no coverage nobody asked. Windows of one
    instrument and interval neither meet nor overlap: `prices.store` merges them.
    """

    instrument = models.ForeignKey(
        "prices.Instrument", on_delete=models.PROTECT, related_name="coverage", db_index=False
    )
    interval = models.CharField(max_length=3, choices=Interval)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="Exclusive.")

    class Meta:
        verbose_name_plural = "coverage"
        ordering: ClassVar = ["instrument", "interval", "starts_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "starts_at"], name="coverage_once_per_beginning"
            ),
            is_known_interval("coverage_interval_is_known"),
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="coverage_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interval} from {self.starts_at:%Y-%m-%d %H:%M}Z"
