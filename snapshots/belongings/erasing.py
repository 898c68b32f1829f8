"""Delete what belongs to one user, a few rows at a time: nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q, QuerySet
from knox.models import AuthToken

from scheduling.exceptions import JobConflict
from scheduling.models import Job, Run
from scheduling.pace import Pace
from scheduling.retention.removal import delete_runs
from snapshots.belongings.kinds import KINDS, rows_of
from snapshots.models import Account, Credential, Watch

TASKS = "snapshots."


class CannotErase(Exception):
    """A run wrote something meanwhile."""


def erase(user: AbstractBaseUser, *, pace: Pace | None = None) -> dict[str, int]:
    """Delete the rows and pause the user's jobs; return how many of each kind.

    Raise CannotErase if a run wrote something meanwhile: what is left is deleted the next time.
    """
    pace = pace or Pace()
    counts = {"jobs_paused": _pause_jobs(user)}
    # No run is requested for them from here on.
    Account.objects.filter(owner_id=user.pk).update(wants_intraday=False, wants_eod=False)
    for kind, rows in _doomed(user):
        try:
            counts[kind] = _delete(rows, pace)
        except (ProtectedError, IntegrityError) as exc:
            raise CannotErase(
                f"A run wrote something for an account while its {kind} were deleted. Do it again: "
                "it deletes what is left."
            ) from exc
    return counts


def count_doomed(user: AbstractBaseUser) -> dict[str, int]:
    """Return what `erase` would do, and do nothing."""
    counts = {"jobs_paused": _jobs(user).count()}
    return counts | {kind: rows.count() for kind, rows in _doomed(user)}


def files_of(user: AbstractBaseUser) -> list[str]:
    """Return the files that the user's accounts read: an operator put them there, and they stay."""
    settings = Account.objects.filter(owner_id=user.pk).values_list("settings", flat=True)
    return sorted({str(given["path"]) for given in settings if given.get("path")})


def _doomed(user: AbstractBaseUser) -> Iterator[tuple[str, QuerySet[Any]]]:
    """Yield all kinds, first what lets somebody in, last what the others hang on."""
    yield "api_tokens", AuthToken.objects.filter(user_id=user.pk)
    yield "credentials", Credential.objects.filter(account__owner_id=user.pk)
    yield "watches", Watch.objects.filter(owner_id=user.pk)
    yield "runs", _runs(user)
    for kind in reversed(list(KINDS)):
        yield kind, rows_of(kind, user.pk)


def _runs(user: AbstractBaseUser) -> QuerySet[Run]:
    """Return the ended runs for these accounts: their results say what these were worth."""
    numbers = Account.objects.filter(owner_id=user.pk).values_list("pk", flat=True)
    of_an_account = Q(params__account__in=[str(number) for number in numbers])
    names_none = Q(params__account=None) | Q(params__account__isnull=True)
    of_the_user = names_none & Q(params__user_id=user.get_username())
    runs = Run.objects.filter(of_an_account | of_the_user, task__startswith=TASKS)
    return runs.exclude(status__in=Run.OPEN)


def _delete(rows: QuerySet[Any], pace: Pace) -> int:
    """Return how many of `rows` there were; what hangs on them goes with them, uncounted."""
    if rows.model is Run:  # the tallies keep what they count of runs
        return delete_runs(rows, pace)["runs"]
    deleted, model = 0, rows.model
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[: pace.size]):
        with pace.step(), transaction.atomic():
            gone = model._default_manager.filter(pk__in=ids).delete()[1]
            deleted += gone.get(model._meta.label, 0)
    return deleted


def _jobs(user: AbstractBaseUser) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=user.pk, state__in=[Job.State.ACTIVE, Job.State.BROKEN])


def _pause_jobs(user: AbstractBaseUser) -> int:
    count = 0
    for job in _jobs(user):
        try:
            job.pause(f"What belonged to its owner {user.get_username()} was deleted.")
        except JobConflict:
            continue  # it is finished by now
        count += 1
    return count
