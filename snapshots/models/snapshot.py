from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.rates import USD
from snapshots.slots import Slot

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from snapshots.models.account import Account


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> SnapshotQuerySet:
        """Snapshots of the accounts that `user` may see."""
        if getattr(user, "is_staff", False):
            return self
        return self.filter(account__owner_id=user.pk)

    def in_slot(self, account: Account, slot: Slot) -> SnapshotQuerySet:
        """The one snapshot of an account for `slot`, if it was taken.

        A day ends once, also if the account moved to another time zone since.
        """
        of_kind = self.filter(account=account, kind=slot.kind)
        if slot.kind == "eod":
            return of_kind.filter(business_date=slot.business_date)
        return of_kind.filter(slot_at=slot.slot_at)


class Snapshot(models.Model):
    """What an account was worth in a slot. Written by `capture`, never edited.

    Taken again, it is replaced by data that is not older.
    """

    class Kind(models.TextChoices):
        INTRADAY = "intraday"
        EOD = "eod", "End of day"

    class Status(models.TextChoices):
        ACCEPTED = "accepted"

    account = models.ForeignKey(
        "snapshots.Account", on_delete=models.PROTECT, related_name="snapshots"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    slot_at = models.DateTimeField(help_text="The slot it stands for, not when it was taken.")
    business_date = models.DateField(help_text="The day of the slot in the account's time zone.")
    as_of = models.DateTimeField(help_text="When the data is from, as its source says.")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACCEPTED)
    is_complete = models.BooleanField(help_text="Every part of the source answered.")
    currency = models.CharField(max_length=10, help_text="Of the total and of the positions.")
    total_value = ExactDecimalField(help_text="All positions, also those below the threshold.")
    total_usd = ExactDecimalField(verbose_name="total in USD")
    fx_rate = ExactDecimalField(null=True, help_text="USD per unit of the currency.")
    fx_at = models.DateTimeField(null=True, help_text="When the rate was so.")
    fx_source = models.CharField(max_length=100, blank=True, help_text="Who says so.")
    min_usd = ExactDecimalField(help_text="Positions worth less, by magnitude, are not kept.")
    position_count = models.PositiveIntegerField(help_text="Positions kept.")
    dust_count = models.PositiveIntegerField(help_text="Positions not kept.")
    dust_value_usd = ExactDecimalField(help_text="What they are worth; part of the total.")
    # A plain number: runs are pruned, while the snapshot stays and says which run took it.
    run_id = models.BigIntegerField(null=True, help_text="The run that took it.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[SnapshotQuerySet] = SnapshotQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering: ClassVar = ["-slot_at", "-id"]
        get_latest_by = "slot_at"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "kind", "slot_at"], name="snapshot_once_per_slot"
            ),
            models.UniqueConstraint(
                fields=["account", "business_date"],
                condition=Q(kind="eod"),
                name="snapshot_one_end_of_a_day",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["intraday", "eod"]), name="snapshot_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status="accepted", is_complete=True),
                name="snapshot_accepted_when_complete",
            ),
            models.CheckConstraint(
                condition=Q(currency=USD, fx_rate=None, fx_at=None, fx_source="")
                | (~Q(currency=USD) & Q(fx_rate__gt=0, fx_at__isnull=False) & ~Q(fx_source="")),
                name="snapshot_in_usd_or_with_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(min_usd__gte=0), name="snapshot_min_usd_is_not_negative"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-slot_at", "-id"], name="snapshot_history_by_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_date} of {self.account}"
