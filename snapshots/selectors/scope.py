"""Whose accounts are added up, and in which currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from snapshots.models import Account, Portfolio, Snapshot
from snapshots.selectors.users import find_user
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

    def was_in(self, at: datetime) -> bool:
        """Say whether its values follow what happened at `at`, after its first one."""
        if self.first_at is None or at <= self.first_at:
            return False
        return self.left_at is None or at <= self.left_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Accounts that are valued together.

    now       slots after it do not count yet: an end of a day may be taken before it, by hand
    is_whole  they are all that the owner has, and more than one: transfers between own accounts
              stay inside
    """

    owner: Any
    currency: str
    now: datetime
    members: Sequence[Member]
    is_whole: bool = False
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
    def newest_at(self) -> datetime | None:
        """Return the slot of the newest snapshot that counts, of any account."""
        return max((one.last_at for one in self.members if one.last_at), default=None)

    @property
    def newest_day(self) -> date | None:
        newest = self.newest_at
        return newest.astimezone(self.zone).date() if newest else None

    def snapshots(self) -> QuerySet[Snapshot]:
        return Snapshot.objects.filter(
            account__in=[one.pk for one in self.accounts], slot_at__lte=self.now
        )

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
    user_id: str = "",
    source: str = "",
    account_id: int | None = None,
    currency: str = "",
    now: datetime | None = None,
) -> Scope:
    """Return the accounts of `user_id` that `user` may see; his own if nobody is named.

    user_id  a user's name or id

    Raise NoPortfolio if he may not see them.
    """
    owner = find_owner(user, user_id)
    now = now or timezone.now()
    own = _members(Account.objects.visible_to(user).filter(owner_id=owner.pk), now)
    members = [
        one
        for one in own
        if source in ("", one.account.source) and account_id in (None, one.account.pk)
    ]
    return Scope(
        owner=owner,
        currency=currency or Portfolio.objects.reporting_currency(owner.pk),
        now=now,
        members=members,
        is_whole=len(members) == len(own) > 1,
    )


def find_owner(user: AbstractBaseUser | AnonymousUser, user_id: str) -> Any:
    """Return the user of this name or id; `user` if it is empty. Raise NoPortfolio as above."""
    found = find_user(user_id) if user_id else user
    if found is None or (found.pk != user.pk and not getattr(user, "is_staff", False)):
        raise NoPortfolio(f"There is no user {user_id!r} whose portfolio you may see.")
    return found


def _members(accounts: QuerySet[Account], now: datetime) -> list[Member]:
    # A row of each kind is a step into an index; both kinds in one order would be a scan.
    annotated = accounts.annotate(
        first_end=_edge("eod", "slot_at", now),
        first_quarter=_edge("intraday", "slot_at", now),
        last_end=_edge("eod", "-slot_at", now),
        last_quarter=_edge("intraday", "-slot_at", now),
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


def _edge(kind: str, order: str, now: datetime) -> Subquery:
    rows = Snapshot.objects.counted().filter(account=OuterRef("pk"), kind=kind, slot_at__lte=now)
    return Subquery(rows.order_by(order).values("slot_at")[:1])
