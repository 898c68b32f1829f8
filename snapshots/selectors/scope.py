"""Whose accounts are added up, and in which currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import OuterRef, QuerySet, Subquery

from snapshots.models import Account, Portfolio, Snapshot
from snapshots.valuing.rates import USD


class NoPortfolio(LookupError):
    """There is no such portfolio that the user may see. Nobody is told whether it exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account of the portfolio, and since when it is part of it.

    first_at  its first counted snapshot; None = it has none
    last_at   its last one
    left_at   the same, if no job takes it any more
    """

    account: Account
    first_at: datetime | None
    last_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Accounts that are valued together."""

    owner: Any
    currency: str
    members: Sequence[Member]
    value_field: str = field(init=False)

    def __post_init__(self) -> None:
        name = "total_usd" if self.currency == USD else "total_reporting"
        object.__setattr__(self, "value_field", name)

    @property
    def accounts(self) -> list[Account]:
        return [member.account for member in self.members]

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone that days are told in: that of the first account."""
        return self.members[0].account.zone if self.members else ZoneInfo("UTC")

    @property
    def newest_day(self) -> date | None:
        """Return the day of the newest snapshot that counts, of any account."""
        days = [
            one.last_at.astimezone(one.account.zone).date() for one in self.members if one.last_at
        ]
        return max(days, default=None)

    def snapshots(self) -> QuerySet[Snapshot]:
        return Snapshot.objects.filter(account__in=[one.pk for one in self.accounts])

    def rate_of(self, snapshot: Snapshot) -> Decimal | None:
        """Return what one unit of the snapshot's currency is in that of the scope."""
        if self.currency == USD:
            return snapshot.fx_rate or Decimal(1)
        if snapshot.reporting_currency != self.currency:
            return None
        return snapshot.reporting_rate or Decimal(1)


def find_scope(
    user: AbstractBaseUser | AnonymousUser,
    *,
    user_id: int | None = None,
    source: str = "",
    account_id: int | None = None,
    currency: str = "",
) -> Scope:
    """Return the accounts of `user_id` that `user` may see; his own if nobody is named.

    Raise NoPortfolio if he may not see them.
    """
    owner = _owner(user, user_id)
    rows = Account.objects.visible_to(user).filter(owner_id=owner.pk)
    if source:
        rows = rows.filter(source=source)
    if account_id is not None:
        rows = rows.filter(pk=account_id)
    return Scope(
        owner=owner,
        currency=currency or Portfolio.objects.reporting_currency(owner.pk),
        members=_members(rows),
    )


def _owner(user: AbstractBaseUser | AnonymousUser, user_id: int | None) -> Any:
    if user_id is None or user_id == user.pk:
        return user
    others = get_user_model()._default_manager.filter(pk=user_id)
    found = others.first() if getattr(user, "is_staff", False) else None
    if found is None:
        raise NoPortfolio(f"There is no user {user_id} whose portfolio you may see.")
    return found


def _members(accounts: QuerySet[Account]) -> list[Member]:
    # A row of each kind is a step into an index; both kinds in one order would be a scan.
    annotated = accounts.annotate(
        first_end=_edge("eod", "slot_at"),
        first_quarter=_edge("intraday", "slot_at"),
        last_end=_edge("eod", "-slot_at"),
        last_quarter=_edge("intraday", "-slot_at"),
    ).order_by("id")
    return [_member(one) for one in annotated]


def _member(account: Any) -> Member:
    first_at = min(filter(None, (account.first_end, account.first_quarter)), default=None)
    last_at = max(filter(None, (account.last_end, account.last_quarter)), default=None)
    is_taken = account.wants_eod or account.wants_intraday
    return Member(
        account=account,
        first_at=first_at,
        last_at=last_at,
        left_at=None if is_taken else last_at,
    )


def _edge(kind: str, order: str) -> Subquery:
    rows = Snapshot.objects.counted().filter(account=OuterRef("pk"), kind=kind)
    return Subquery(rows.order_by(order).values("slot_at")[:1])
