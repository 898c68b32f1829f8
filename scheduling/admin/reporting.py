"""Do something to each of several rows, and tell the person what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from scheduling.exceptions import InvalidParams, JobConflict, NotCancellable
from scheduling.models import Job, Run

TOLD = 5  # messages one by one

Row = TypeVar("Row", Job, Run)


def person(request: HttpRequest) -> AbstractBaseUser:
    """Return who is logged in; the admin lets in nobody else."""
    user = request.user
    if isinstance(user, AnonymousUser):
        raise PermissionDenied
    return user


def do_and_tell(request: HttpRequest, rows: Iterable[Row], verb: Callable[[Row], str]) -> None:
    """Call `verb` with each row; show what it returns, or why it refused."""
    done: list[str] = []
    refused: list[str] = []
    for row in rows:
        try:
            done.append(verb(row))
        except (JobConflict, InvalidParams, NotCancellable) as exc:
            refused.append(f"{_name_of(row)}: {exc}")
    _tell(request, done, messages.SUCCESS)
    _tell(request, refused, messages.ERROR)


def _tell(request: HttpRequest, texts: Sequence[str], level: int) -> None:
    for text in texts[:TOLD]:
        messages.add_message(request, level, text)
    if rest := texts[TOLD:]:
        messages.add_message(request, level, f"… and so for {len(rest)} more.")


def _name_of(row: Job | Run) -> str:
    return row.name if isinstance(row, Job) else f"Run {row.pk}"
