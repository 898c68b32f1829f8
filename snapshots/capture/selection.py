"""Find the accounts that a snapshot job means, and those it may read."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from scheduling.exceptions import TaskFailed
from snapshots.models import Account
from snapshots.selectors.users import find_user
from snapshots.slots import SlotKind, is_slot
from snapshots.sources import SOURCES, tells_of_the_past


def select_accounts(*, user: str, source: str, owner_id: int | None) -> list[Account]:
    """Return the accounts of `user` at `source`.

    user      name, or id if no user has this name
    owner_id  owner of the job, who reads the outcome; None = staff

    Raise TaskFailed, with what to do, if there is none that the owner may read.
    """
    if source not in SOURCES:
        known = ", ".join(sorted(SOURCES))
        raise TaskFailed(
            f"There is no source {source!r}. Set 'source' or SNAPSHOT_SOURCE to one of: {known}.",
            permanent=True,
        )
    found = find_user(user)
    if found is None or not may_read(owner_id, found):
        raise TaskFailed(
            f"There is no user {user!r} whose accounts this job may read. Set 'user_id' or "
            "SNAPSHOT_USER_ID to the name of a user; a job of a user who is not staff reads only "
            "his own accounts.",
            permanent=True,
        )
    accounts = list(
        Account.objects.filter(owner_id=found.pk, source=source)
        .select_related("owner")
        .order_by("id")
    )
    if not accounts:
        raise TaskFailed(
            f"User {found.get_username()!r} has no {source} account. Add one in the admin under "
            f"Accounts, or with: manage.py add_account --user {found.get_username()} "
            f"--source {source} --path FILE.csv",
            permanent=True,
        )
    return accounts


def find_account(account_id: int, *, owner_id: int | None) -> Account:
    """Return one account. Raise TaskFailed if the owner of the job may not read it."""
    account = Account.objects.select_related("owner").filter(pk=account_id).first()
    if account is None or not may_read(owner_id, account.owner):
        raise TaskFailed(
            f"There is no account {account_id} that this job may read. GET /api/accounts lists "
            "yours, and so does the admin.",
            permanent=True,
        )
    return account


def accounts_with_a_past(
    *, user: str, account_id: int | None, owner_id: int | None
) -> list[Account]:
    """Return the accounts whose sources tell what they were worth before.

    user        name or id; empty = all whose accounts the owner of the job may read
    account_id  only this one

    Raise TaskFailed, with what to do, if there is none that the owner of the job may read.
    """
    if account_id is not None:
        account = find_account(account_id, owner_id=owner_id)
        if user and not _is_named(account.owner, user):
            raise TaskFailed(f"Account {account_id} is not one of {user!r}.", permanent=True)
        if not tells_of_the_past(account.source):
            raise TaskFailed(f"{account} tells nothing of the past. {_who_does()}", permanent=True)
        return [account]
    rows = Account.objects.select_related("owner").filter(wants_eod=True).order_by("pk")
    if user:
        found = find_user(user)
        if found is None or not may_read(owner_id, found):
            raise TaskFailed(
                f"There is no user {user!r} whose accounts this job may read.", permanent=True
            )
        rows = rows.filter(owner_id=found.pk)
    elif owner_id is not None and not _is_staff(owner_id):
        rows = rows.filter(owner_id=owner_id)
    accounts = [account for account in rows if tells_of_the_past(account.source)]
    if not accounts:
        whose = f"User {user!r} has no account" if user else "There is no account"
        raise TaskFailed(
            f"{whose} with ends of days whose source tells of the past. {_who_does()}",
            permanent=True,
        )
    return accounts


def accounts_that_want(
    kind: SlotKind, *, owner_id: int | None, at: datetime | None
) -> list[Account]:
    """Return the accounts that the owner of a job may read and that want snapshots of this kind.

    at  only those whose day has a slot at this instant; None = all
    """
    wanting = Account.objects.filter(**{"wants_eod" if kind == "eod" else "wants_intraday": True})
    if owner_id is not None and not _is_staff(owner_id):
        wanting = wanting.filter(owner_id=owner_id)
    return [
        account
        for account in wanting.order_by("pk")
        if at is None or is_slot(at, is_eod=kind == "eod", zone=account.zone)
    ]


def _who_does() -> str:
    names = ", ".join(name for name in sorted(SOURCES) if tells_of_the_past(name))
    return f"Only these sources do: {names}."


def _is_named(owner: AbstractBaseUser, user: str) -> bool:
    found = find_user(user)
    return found is not None and found.pk == owner.pk


def may_read(owner_id: int | None, user: AbstractBaseUser) -> bool:
    """Tell whether a job of this owner may read accounts of `user`; None = staff."""
    if owner_id is None or owner_id == user.pk:
        return True
    return _is_staff(owner_id)


def _is_staff(user_id: int) -> bool:
    return get_user_model()._default_manager.filter(pk=user_id, is_staff=True).exists()
