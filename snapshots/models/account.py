from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings as project_settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from snapshots.lateness import patience_with
from snapshots.models.surroundings import surroundings_of
from snapshots.sources import SOURCES, open_source
from snapshots.sources.base import InvalidSettings, Source
from snapshots.valuing.rates import find_manual_rate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def source_choices() -> list[tuple[str, str]]:
    """Return the names of the sources. A callable, so that a new one makes no migration."""
    return [(name, name) for name in sorted(SOURCES)]


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> AccountQuerySet:
        """Accounts that `user` may see: his own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)

    def take_turns(self, account_id: int) -> None:
        """Wait for whoever else writes snapshots of this account, to the end of the transaction."""
        self.select_for_update(no_key=True).values_list("pk").get(pk=account_id)

    def ensure(
        self, *, owner: AbstractBaseUser, source: str, name: str, **values: Any
    ) -> tuple[Account, bool]:
        """Return the account of this owner, source and name, and whether it had to be made.

        One that exists stays as its owner set it. Raise ValidationError, by field.
        """
        with transaction.atomic():
            account = self.filter(owner_id=owner.pk, source=source, name=name).first()
            if account is not None:
                return account, False
            account = Account(owner_id=owner.pk, source=source, name=name, **values)
            account.full_clean()
            account.save()
            return account, True


class Account(models.Model):
    """What somebody holds at one source."""

    owner = models.ForeignKey(
        project_settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts"
    )
    name = models.CharField(max_length=100, help_text="To tell it from others: Main.")
    source = models.CharField(max_length=40, choices=source_choices)
    currency = models.CharField(
        max_length=10,
        default="USD",
        validators=[RegexValidator(r"^[A-Z0-9]{2,10}\Z", "Use a code such as USD or EUR.")],
        help_text="Of its values, as the source gives them.",
    )
    timezone = models.CharField(
        max_length=64, default="Europe/Zurich", help_text="Decides where its days end."
    )
    settings = models.JSONField(
        default=dict,
        blank=True,
        help_text='CoinTracking: {"path": "balance.csv"}, relative to DATA_DIR.',
    )
    wants_intraday = models.BooleanField(
        "each quarter of an hour", default=True, help_text="The job pnl_intraday takes it."
    )
    wants_eod = models.BooleanField(
        "at the end of the day", default=True, help_text="The job pnl_eod takes it."
    )
    flows_known_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="All that came or left since then is entered as flows. Empty: nobody knows, and "
        "what its value did is called a value change, not P&L.",
    )
    flows_known_until = models.DateTimeField(
        null=True, blank=True, help_text="As of the last import. Empty: to this day."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["owner_id", "source", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "source", "name"],
                name="account_once_per_owner_source_and_name",
                violation_error_message="This owner has an account of this source and name.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"

    def clean(self) -> None:
        """Raise ValidationError, by field, if no snapshot could be taken of the account."""
        errors = self._zone_errors() | self._settings_errors() | self._flows_errors()
        errors |= self._kinds_errors()
        if errors:
            raise ValidationError(errors)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def knows_flows(self, after: datetime, until: datetime) -> bool:
        """Say whether all flows of (after, until] are known."""
        since, last = self.flows_known_since, self.flows_known_until
        return since is not None and since <= after and (last is None or until <= last)

    def learn_flows(self, since: datetime, until: datetime) -> bool:
        """Note that all flows of (since, until] are known; return False if that leaves a gap."""
        known_since, known_until = self.flows_known_since, self.flows_known_until
        if known_since is None:
            self.flows_known_since, self.flows_known_until = since, until
        elif until < known_since or (known_until is not None and since > known_until):
            return False
        else:
            self.flows_known_since = min(since, known_since)
            if known_until is not None:
                self.flows_known_until = max(until, known_until)
        self.save(update_fields=["flows_known_since", "flows_known_until", "updated_at"])
        return True

    def open_source(self) -> Source:
        """Return its source, ready to be asked. Raise SourceError if the settings are wrong."""
        return open_source(self.source, self.settings, surroundings_of(self))

    def _zone_errors(self) -> dict[str, list[str]]:
        if self.timezone in available_timezones():
            return {}
        return {"timezone": [f"{self.timezone!r} is no time zone. Use one like Europe/Zurich."]}

    def _flows_errors(self) -> dict[str, list[str]]:
        since, until = self.flows_known_since, self.flows_known_until
        if until is None or (since is not None and since <= until):
            return {}
        return {"flows_known_until": ["Say since when first; that is not later."]}

    def _kinds_errors(self) -> dict[str, list[str]]:
        if self.wants_eod or not self.wants_intraday:
            return {}
        return {
            "wants_eod": [
                "P&L is counted from ends of days, and a portfolio has one only if each of its "
                "accounts has: take it at the end of the day, too."
            ]
        }

    def _settings_errors(self) -> dict[str, list[str]]:
        if not isinstance(self.settings, dict):
            return {"settings": ["Expected an object of settings and values."]}
        if self.source not in SOURCES:
            return {}
        try:
            self.open_source()
            find_manual_rate(self.settings)
            if self.timezone in available_timezones():
                patience_with(self.source, self.settings, self.zone)
        except InvalidSettings as exc:
            return {"settings": [str(exc)]}
        return {}
