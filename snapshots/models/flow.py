from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from prices.models import ExactDecimalField
from snapshots.figures import plain
from snapshots.valuing.conversion import find_rate
from snapshots.valuing.rates import USD, UsdRate, find_manual_rate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from snapshots.models.account import Account

BY_HAND = "manual"


class FlowQuerySet(models.QuerySet["Flow"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> FlowQuerySet:
        """Flows of the accounts that `user` may see."""
        if getattr(user, "is_staff", False):
            return self
        return self.filter(account__owner_id=user.pk)

    def within(self, after: datetime, until: datetime) -> FlowQuerySet:
        """Flows of (after, until]: what came with the baseline itself is in its value already."""
        return self.filter(at__gt=after, at__lte=until)

    def record(self, *, account: Account, **values: Any) -> tuple[Flow, bool]:
        """Keep a flow that a source tells of, and say whether it is new; once for its external_id.

        Raise ValidationError, by field.
        """
        external_id = values.get("external_id", "")
        if external_id:
            known = self.filter(
                account=account, source=values.get("source", BY_HAND), external_id=external_id
            ).first()
            if known is not None:
                return known, False
        flow = Flow(account=account, **values)
        flow.full_clean(exclude=("amount_usd",))  # which clean() fills in
        flow.save()
        return flow, True


class Flow(models.Model):
    """What came into an account from elsewhere, or left it: never a gain, never a loss.

    Trades, fees, taxes, interest and dividends stay inside the account, and are no flows.
    """

    class Kind(models.TextChoices):
        CASH = "cash", "Money"
        ASSET = "asset", "Coins or securities"
        BONUS = "bonus"

    account = models.ForeignKey("snapshots.Account", on_delete=models.PROTECT, related_name="flows")
    at = models.DateTimeField(help_text="When it came or left.")
    amount = ExactDecimalField(
        help_text="What it was worth then; negative for what left the account."
    )
    currency = models.CharField(
        max_length=10,
        default=USD,
        validators=[RegexValidator(r"^[A-Z0-9]{2,10}\Z", "Use a code such as USD or EUR.")],
        help_text="Of the amount.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CASH)
    is_internal = models.BooleanField(
        "between own accounts",
        default=False,
        help_text="Such a transfer is no flow of the portfolio. Enter it in both accounts.",
    )
    ticker = models.CharField(
        max_length=64, blank=True, help_text="Of coins or securities, as the source names them."
    )
    quantity = ExactDecimalField(
        null=True, blank=True, help_text="Units of them; with the sign of the amount."
    )
    fx_rate = ExactDecimalField(
        "USD per unit", null=True, blank=True, help_text="Left empty: that of its day, if known."
    )
    fx_at = models.DateTimeField("rate of", null=True, blank=True, help_text="When it was so.")
    fx_source = models.CharField("rate from", max_length=100, blank=True, help_text="Who says so.")
    amount_usd = ExactDecimalField("amount in USD", editable=False)
    source = models.CharField(max_length=40, default=BY_HAND, help_text="Who tells of it.")
    external_id = models.CharField(
        max_length=200, blank=True, help_text="The source's own id: the same flow is kept once."
    )
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = FlowQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "source", "external_id"],
                condition=~Q(external_id=""),
                name="flow_once_per_external_id",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["cash", "asset", "bonus"]), name="flow_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(currency=USD, fx_rate=None, fx_at=None, fx_source="")
                | (~Q(currency=USD) & Q(fx_rate__gt=0, fx_at__isnull=False) & ~Q(fx_source="")),
                name="flow_in_usd_or_with_its_rate",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "at"], name="flow_by_account")]

    def __str__(self) -> str:
        return f"{plain(self.amount, 2)} {self.currency} at {self.at:%Y-%m-%d %H:%M}Z"

    def clean(self) -> None:
        """Fill in rate and value in USD. Raise ValidationError, by field, if it cannot be."""
        if self.amount is None or self.at is None or not self.currency:
            return  # told at their own fields
        errors = self._sign_errors()
        if errors:
            raise ValidationError(errors)
        self._value()

    def _sign_errors(self) -> dict[str, str]:
        if self.amount == 0:
            return {"amount": "0 is no flow. Give what came, or with a minus what left."}
        if self.quantity is not None and (self.quantity > 0) != (self.amount > 0):
            return {"quantity": "Quantity and amount have the same sign: minus for what left."}
        if self.quantity is not None and not self.ticker:
            return {"ticker": "Say of what there is this quantity."}
        return {}

    def _value(self) -> None:
        if self.currency == USD:
            self.fx_rate, self.fx_at, self.fx_source = None, None, ""
            self.amount_usd = self.amount
            return
        if self.fx_rate is None or self._has_rate_of_before():
            rate = self._find_rate()
            self.fx_rate, self.fx_at, self.fx_source = rate.rate, rate.at, rate.source
        if self.fx_rate <= 0:
            raise ValidationError({"fx_rate": "It is USD per unit, so it is more than 0."})
        self.fx_at = self.fx_at or self.at
        self.fx_source = self.fx_source or BY_HAND
        self.amount_usd = self.amount * self.fx_rate

    def _has_rate_of_before(self) -> bool:
        """Say whether the day or the currency was edited, and the rate is still that of before."""
        before = Flow.objects.filter(pk=self.pk).first() if self.pk else None
        if before is None or before.fx_rate != self.fx_rate:
            return False
        is_moved = before.at != self.at and self.fx_source != BY_HAND
        return is_moved or before.currency != self.currency

    def _find_rate(self) -> UsdRate:
        """Return the official rate of the day, or that of the account's settings."""
        manual = find_manual_rate(self.account.settings)
        own = manual if self.currency == self.account.currency else None
        rate = find_rate(self.currency, USD, at=self.at) or own
        if rate is None:
            said = f"No rate of {self.currency} in USD is known of {self.at:%Y-%m-%d}."
            raise ValidationError({"fx_rate": f"{said} Give what one unit was in USD."})
        return rate
