from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.models.reviewing import Reviewed
from snapshots.slots import Slot
from snapshots.valuing.rates import USD

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from snapshots.models.account import Account


class Status(models.TextChoices):
    """How far a snapshot can be trusted."""

    ACCEPTED = "accepted"
    CARRIED = "carried", "Carried: a part has its last accepted value"
    SUSPECT = "suspect", "Suspect: to be reviewed"
    FAILED = "failed"
    MISSED = "missed", "Missed: nobody took it"
    BACKFILLED = "backfilled", "Backfilled from the source's history"
    MANUAL = "manual", "Edited by hand"


# What curves, P&L and measures are made of. Suspect, failed and missed ones are gaps.
COUNTED = (Status.ACCEPTED, Status.CARRIED, Status.BACKFILLED, Status.MANUAL)
# What P&L may be counted from: a carried part is an old value, and no start of anything.
BASELINES = (Status.ACCEPTED, Status.BACKFILLED, Status.MANUAL)
VALUELESS = (Status.FAILED, Status.MISSED)


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> SnapshotQuerySet:
        """Snapshots of the accounts that `user` may see."""
        if getattr(user, "is_staff", False):
            return self
        return self.filter(account__owner_id=user.pk)

    def counted(self) -> SnapshotQuerySet:
        """Snapshots that enter curves, P&L and measures; each has its totals. All else is a gap."""
        return self.filter(status__in=COUNTED)

    def comparable(self) -> SnapshotQuerySet:
        """Counted ones that the next is compared with and carried from: backfilled are totals."""
        return self.counted().exclude(status=Status.BACKFILLED)

    def in_slot(self, account: Account, slot: Slot) -> SnapshotQuerySet:
        """The one snapshot of an account for `slot`, if there is one.

        A day ends once, also if the account moved to another time zone since.
        """
        of_kind = self.filter(account=account, kind=slot.kind)
        if slot.kind == "eod":
            return of_kind.filter(business_date=slot.business_date)
        return of_kind.filter(slot_at=slot.slot_at)

    def before(self, account: Account, slot_at: datetime) -> SnapshotQuerySet:
        """Snapshots of an account of earlier slots, the newest first."""
        return self.filter(account=account, slot_at__lt=slot_at).order_by("-slot_at", "-id")

    def up_to(self, account: Account, slot_at: datetime) -> SnapshotQuerySet:
        """Snapshots of an account of slots until `slot_at`, the newest first."""
        return self.filter(account=account, slot_at__lte=slot_at).order_by("-slot_at", "-id")


class Snapshot(Reviewed, models.Model):
    """What an account was worth in a slot, and how far that can be trusted.

    Written by `capture`; people accept, reject or edit it, with a reason. Taken again, it is
    replaced only by something better, and keeps what it said as a revision.
    """

    class Kind(models.TextChoices):
        INTRADAY = "intraday"
        EOD = "eod", "End of day"

    Status = Status

    account = models.ForeignKey(
        "snapshots.Account", on_delete=models.PROTECT, related_name="snapshots"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    slot_at = models.DateTimeField(help_text="The slot it stands for, not when it was taken.")
    business_date = models.DateField(help_text="The day of the slot in the account's time zone.")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACCEPTED)
    reasons: models.JSONField[Any, Any] = models.JSONField(
        default=list, blank=True, help_text='Why it has its status: [{"guard": "G2", "says": "…"}].'
    )
    as_of = models.DateTimeField(
        null=True, help_text="When the oldest of its data is from, as its source says."
    )
    fetched_at = models.DateTimeField(null=True, help_text="When the source was asked.")
    is_complete = models.BooleanField(
        help_text="Every part of the source answered, and it stands by what it said."
    )
    quality = ExactDecimalField(
        null=True, help_text="Share of the value that is fresh in price and source, from 0 to 1."
    )
    currency = models.CharField(max_length=10, help_text="Of the total and of the positions.")
    total_value = ExactDecimalField(
        null=True, help_text="All positions, also those below the threshold."
    )
    sums: models.JSONField[Any, Any] = models.JSONField(
        default=dict, blank=True, help_text="The total by kind of position, as exact texts."
    )
    total_usd = ExactDecimalField(null=True, verbose_name="total in USD")
    fx_rate = ExactDecimalField(null=True, help_text="USD per unit of the currency.")
    fx_at = models.DateTimeField(null=True, help_text="When the rate was so.")
    fx_source = models.CharField(max_length=100, blank=True, help_text="Who says so.")
    reporting_currency = models.CharField(
        max_length=10, default=USD, help_text="The owner's, when it was taken."
    )
    total_reporting = ExactDecimalField(null=True, verbose_name="total in the reporting currency")
    reporting_rate = ExactDecimalField(
        null=True, help_text="Reporting currency per unit of the currency; empty: they are one."
    )
    reporting_at = models.DateTimeField(null=True, help_text="When that rate was so.")
    reporting_source = models.CharField(max_length=100, blank=True, help_text="Who says so.")
    min_usd = ExactDecimalField(
        default=0, help_text="Positions worth less, by magnitude, are not kept."
    )
    position_count = models.PositiveIntegerField(default=0, help_text="Positions kept.")
    dust_count = models.PositiveIntegerField(default=0, help_text="Positions not kept.")
    dust_value_usd = ExactDecimalField(
        default=0, help_text="What they are worth; part of the total."
    )
    reviewed_at = models.DateTimeField(
        null=True, help_text="When somebody decided about it: no run replaces it since."
    )
    # A plain number: runs are pruned, while the snapshot stays and says which run took it.
    run_id = models.BigIntegerField(null=True, help_text="The run that took it.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SnapshotQuerySet.as_manager()

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
                condition=Q(status__in=Status.values), name="snapshot_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted")
                | Q(is_complete=True)
                | Q(reviewed_at__isnull=False),
                name="snapshot_accepted_when_complete",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VALUELESS)
                | Q(
                    total_value__isnull=False,
                    total_usd__isnull=False,
                    total_reporting__isnull=False,
                    as_of__isnull=False,
                ),
                name="snapshot_has_its_totals",
            ),
            models.CheckConstraint(
                condition=Q(total_usd=None)
                | Q(currency=USD, fx_rate=None, fx_at=None, fx_source="")
                | (~Q(currency=USD) & Q(fx_rate__gt=0, fx_at__isnull=False) & ~Q(fx_source="")),
                name="snapshot_in_usd_or_with_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(total_reporting=None)
                | Q(reporting_currency=models.F("currency"), reporting_rate=None)
                | (
                    ~Q(reporting_currency=models.F("currency"))
                    & Q(reporting_rate__gt=0, reporting_at__isnull=False)
                    & ~Q(reporting_source="")
                ),
                name="snapshot_reported_with_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(min_usd__gte=0), name="snapshot_min_usd_is_not_negative"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-slot_at", "-id"], name="snapshot_history_by_slot"),
            # For days of an account, and for what there is to review.
            models.Index(fields=["account", "business_date"], name="snapshot_by_day"),
            # For answers that are kept until something changes.
            models.Index(fields=["account", "-updated_at"], name="snapshot_by_change"),
            models.Index(
                fields=["account", "slot_at"],
                condition=Q(status="suspect"),
                name="snapshot_under_review",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_date} of {self.account}"

    @property
    def is_counted(self) -> bool:
        return self.status in COUNTED

    @property
    def why(self) -> str:
        """Return in words why it has its status; empty if there is nothing to say."""
        return " ".join(str(reason.get("says", "")) for reason in self.reasons).strip()
