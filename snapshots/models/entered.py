from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.figures import plain
from snapshots.models.position import SnapshotPosition
from snapshots.sources.base import Kind, Position
from snapshots.sources.manual import value_of

if TYPE_CHECKING:
    from snapshots.models.account import Account


class EnteredPositionQuerySet(models.QuerySet["EnteredPosition"]):
    def of(self, account: Account) -> tuple[tuple[Position, ...], datetime] | None:
        """Return the positions and when one was changed last; None if there is none."""
        rows = list(self.filter(account_id=account.pk))
        if not rows:
            return None
        return tuple(row.position for row in rows), max(row.updated_at for row in rows)


class EnteredPosition(models.Model):
    """What somebody says that is in an account of the source `manual`, until he says otherwise."""

    account = models.ForeignKey(
        "snapshots.Account", on_delete=models.CASCADE, related_name="entered_positions"
    )
    ticker = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(
        max_length=10, choices=SnapshotPosition.Kind, default=SnapshotPosition.Kind.OTHER
    )
    location = models.CharField(max_length=200, blank=True, help_text="Where it is kept.")
    amount = ExactDecimalField(help_text="Units; negative for what is owed.")
    price = ExactDecimalField(null=True, blank=True, help_text="Per unit, in its currency.")
    value = ExactDecimalField(null=True, blank=True, help_text="Left empty: amount times price.")
    updated_at = models.DateTimeField(auto_now=True)

    objects = EnteredPositionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "ticker", "location"],
                name="entered_position_once_per_ticker_and_location",
                violation_error_message="It is entered already: change that row.",
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=False) | Q(value__isnull=False),
                name="entered_position_has_a_price_or_a_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.ticker}"

    def clean(self) -> None:
        if self.price is None and self.value is None:
            raise ValidationError({"value": "Give a price or a value."})

    @property
    def position(self) -> Position:
        return Position(
            ticker=self.ticker,
            name=self.name,
            kind=cast(Kind, self.kind),
            location=self.location,
            amount=self.amount,
            price=self.price,
            value=value_of(self.amount, self.price, self.value),
        )
