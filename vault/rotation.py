"""All encrypted fields of an installation: read them, or encrypt them under the first key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Cast

from vault.exceptions import CannotDecrypt
from vault.fields import EncryptedTextField
from vault.secret import Secret

BATCH = 500  # rows read at once


@dataclass(slots=True)
class Rotated:
    """How many values were encrypted anew or are as they should be, and which cannot be read.

    forgotten  of those that cannot be read, how many were set to null
    """

    renewed: int = 0
    unchanged: int = 0
    forgotten: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EncryptedField:
    """One encrypted field of a model."""

    model: type[models.Model]
    name: str
    column: str
    is_nullable: bool

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    @property
    def rows(self) -> models.QuerySet[Any]:
        """The rows that have a secret; `stored` is what the database has."""
        stored = Cast(self.name, models.TextField())
        with_one: models.QuerySet[Any] = self.model._base_manager.annotate(stored=stored)
        return with_one.exclude(**{f"{self.name}__isnull": True})

    def batches(self) -> Iterator[list[tuple[Any, str]]]:
        """Yield primary keys and what is stored; nothing is open while they are worked on."""
        rows = self.rows.order_by("pk").values_list("pk", "stored")
        batch = list(rows[:BATCH])
        while batch:
            yield batch
            batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])

    def write(self, key: Any, *, seen: str, secret: Secret | None) -> bool:
        """Replace what was seen. What somebody has written since is left alone."""
        row = self.rows.filter(pk=key, stored=seen)
        return row.update(**{self.name: secret}) == 1


def encrypted_fields() -> Iterator[EncryptedField]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        for one in model._meta.local_concrete_fields:
            if isinstance(one, EncryptedTextField):
                yield EncryptedField(model, one.name, str(one.column), one.null)


def rotate(*, dry_run: bool = False, forget_unreadable: bool = False) -> Rotated:
    """Encrypt under the first key what another one has encrypted; return what came of it.

    forget_unreadable  set to null what no key can read, where the field allows it

    It can be stopped and begun again at any time, while others write. Raise KeysUnusable.
    """
    rotated = Rotated()
    for one in encrypted_fields():
        for batch in one.batches():
            for key, stored in batch:
                _rotate(one, key, stored, rotated, dry_run=dry_run, forget=forget_unreadable)
    return rotated


def _rotate(
    one: EncryptedField, key: Any, stored: str, rotated: Rotated, *, dry_run: bool, forget: bool
) -> None:
    secret = Secret.from_stored(stored)
    try:
        if secret.is_current():
            rotated.unchanged += 1
            return
        renewed = Secret(secret.reveal())
    except CannotDecrypt:
        if forget and one.is_nullable and (dry_run or one.write(key, seen=stored, secret=None)):
            rotated.forgotten += 1
        else:
            rotated.unreadable.append(f"{one} of row {key}")
        return
    if dry_run or one.write(key, seen=stored, secret=renewed):
        rotated.renewed += 1
