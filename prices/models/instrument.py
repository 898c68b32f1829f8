from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q


class Instrument(models.Model):
    """What is priced: one thing that a venue lists, under the venue's own id.

    trading <-> halted -> delisted; what is listed again trades again
    """

    class Kind(models.TextChoices):
        CRYPTO = "crypto", "Crypto pair"
        STOCK = "stock"
        FUND = "fund", "Fund or ETF"
        NOTE = "note", "Note, as an ETN"
        FX = "fx", "Currency pair"
        OTHER = "other"

    class State(models.TextChoices):
        TRADING = "trading"
        HALTED = "halted"
        DELISTED = "delisted"

    venue = models.CharField(max_length=40, help_text="Where it is listed: upbit, kis.")
    venue_id = models.CharField(
        max_length=100, help_text="The venue's own name, as text: KRW-BTC, 005930."
    )
    market = models.CharField(
        max_length=20, blank=True, help_text="The venue's part that it trades in: KRW, KOSPI."
    )
    symbol = models.CharField(max_length=40, help_text="Our name of it: BTC/KRW.")
    name = models.CharField(max_length=200, blank=True)
    local_name = models.CharField(
        max_length=200, blank=True, help_text="In the venue's language; empty if it has none."
    )
    kind = models.CharField(max_length=10, choices=Kind)
    base_currency = models.CharField(
        max_length=20, blank=True, help_text="What is bought: BTC. Empty for a stock or a fund."
    )
    quote_currency = models.CharField(max_length=20, help_text="What its price is in: KRW.")
    state = models.CharField(max_length=10, choices=State, default=State.TRADING)
    warnings: models.JSONField[Any, Any] = models.JSONField(
        default=list, blank=True, help_text="What the venue warns of, in its own words."
    )
    listed_on = models.DateField(null=True, blank=True, help_text="Empty if the venue tells none.")
    delisted_on = models.DateField(
        null=True, blank=True, help_text="Since when the venue lists it no more."
    )
    last_listed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the venue's list last had it."
    )
    is_tracked = models.BooleanField(
        "tracked",
        default=False,
        help_text="The jobs ohlcv_daily and ohlcv_hourly collect its candles.",
    )

    class Meta:
        ordering: ClassVar = ["venue", "symbol"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["venue", "venue_id"], name="instrument_once_per_venue"),
            models.CheckConstraint(
                condition=Q(kind__in=["crypto", "stock", "fund", "note", "fx", "other"]),
                name="instrument_kind_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(venue="") & ~Q(venue_id=""), name="instrument_has_a_venue_and_its_id"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["trading", "halted"], delisted_on=None)
                | Q(state="delisted", delisted_on__isnull=False),
                name="instrument_is_delisted_since_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} at {self.venue}"


class InstrumentAlias(models.Model):
    """An id that the venue used for an instrument before it renamed it."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="aliases")
    venue_id = models.CharField(max_length=100, help_text="The id of old.")
    renamed_on = models.DateField(help_text="Since when the venue uses another one.")

    class Meta:
        ordering: ClassVar = ["instrument", "renamed_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "venue_id", "renamed_on"], name="alias_once_per_renaming"
            )
        ]
        # For names that come from elsewhere: an old export, a file of candles.
        indexes: ClassVar = [models.Index(fields=["venue_id"], name="alias_venue_id")]

    def __str__(self) -> str:
        return f"{self.venue_id} until {self.renamed_on}"
