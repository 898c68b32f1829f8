from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings as project_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from snapshots.sources import UPLOADED
from snapshots.sources.export_file import MAX_BYTES
from snapshots.sources.surroundings import StoredFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from snapshots.models.account import Account

KEPT = 30  # of an account; the newest that was read is always one of them
LONGEST_NAME = 200


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> UploadQuerySet:
        """Uploads for the accounts that `user` may see."""
        if getattr(user, "is_staff", False):
            return self
        return self.filter(account__owner_id=user.pk)

    def take(
        self,
        account: Account,
        *,
        name: str,
        data: bytes,
        by: int | None,
        now: datetime,
    ) -> tuple[Upload, bool]:
        """Keep a file that is to be read, and say whether it is new.

        by  the number of the user who brings it

        The same file again is the one that is there: its data is as old as it was. Raise
        ValidationError if it cannot be one of this account.
        """
        refuse_unfit(account, name, len(data))
        digest = sha256(data).hexdigest()
        upload, is_new = self.get_or_create(
            account=account,
            sha256=digest,
            defaults={
                "name": name[-LONGEST_NAME:],
                "size": len(data),
                "data": data,
                "received_at": now,
                "seen_at": now,
                "uploaded_by_id": by,
            },
        )
        if not is_new:
            upload.see_again(now)
        self._forget_old_ones(account)
        return upload, is_new

    def newest_read(self, account: Account) -> StoredFile | None:
        """Return the file with the newest data of those that could be read."""
        upload = self._newest_read_of(account).first()
        return upload.file if upload else None

    def _newest_read_of(self, account: Account) -> UploadQuerySet:
        read = self.filter(account_id=account.pk, state=Upload.State.READ)
        return read.order_by("-as_of", "-received_at", "-pk")

    def _forget_old_ones(self, account: Account) -> None:
        done = self.filter(account=account).exclude(state=Upload.State.WAITING)
        newest = done.order_by("-received_at", "-pk")
        used = self._newest_read_of(account).values_list("pk", flat=True)[:1]
        old = newest.values_list("pk", flat=True)[KEPT:]
        self.filter(pk__in=set(old) - set(used)).delete()


class Upload(models.Model):
    """A file for an account: stored as it came, and read by a run.

    waiting -> read | refused;  refused -> waiting (the same file again)
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        READ = "read"
        REFUSED = "refused"

    account = models.ForeignKey(
        "snapshots.Account", on_delete=models.CASCADE, related_name="uploads"
    )
    name = models.CharField(max_length=LONGEST_NAME)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField("SHA-256", max_length=64)
    data = models.BinaryField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    problem = models.TextField(blank=True, help_text="Why it cannot be read.")
    positions = models.PositiveIntegerField(null=True, help_text="In it.")
    as_of = models.DateTimeField(null=True, help_text="When its data is from.")
    received_at = models.DateTimeField(help_text="When it came first.")
    seen_at = models.DateTimeField(help_text="When it came last: the same file is not fresh.")
    uploaded_by = models.ForeignKey(
        project_settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    run_id = models.BigIntegerField(null=True, help_text="The run that read it.")

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-received_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "sha256"], name="upload_once_per_account_and_content"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "read", "refused"]), name="upload_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.account}"

    @property
    def file(self) -> StoredFile:
        return StoredFile(name=self.name, data=bytes(self.data), received_at=self.received_at)

    def see_again(self, now: datetime) -> None:
        """Note that the same file came again; one that was refused is read anew."""
        self.seen_at = now
        if self.state == self.State.REFUSED:
            self.state, self.problem, self.run_id = self.State.WAITING, "", None
        self.save(update_fields=["seen_at", "state", "problem", "run_id"])

    def mark_begun(self, *, run_id: int | None) -> None:
        """Note who reads it, so that a file that ends its reader is not read for ever."""
        self.run_id = run_id
        self.save(update_fields=["run_id"])

    def mark_read(self, *, positions: int, as_of: datetime, run_id: int | None) -> None:
        self.state, self.problem = self.State.READ, ""
        self.positions, self.as_of, self.run_id = positions, as_of, run_id
        self.save(update_fields=["state", "problem", "positions", "as_of", "run_id"])

    def mark_refused(self, problem: str, *, run_id: int | None) -> None:
        self.state, self.problem, self.run_id = self.State.REFUSED, problem, run_id
        self.save(update_fields=["state", "problem", "run_id"])


def refuse_unfit(account: Account, name: str, size: int) -> None:
    """Raise ValidationError if the account takes no such file."""
    kinds = UPLOADED.get(account.source)
    if kinds is None:
        raise ValidationError(
            f"Accounts of the source {account.source} take no files, but those of: "
            f"{', '.join(UPLOADED)}."
        )
    if "path" in account.settings:
        raise ValidationError(
            "The account reads the file of its setting 'path'. Take that out of its settings to "
            "use uploads."
        )
    if account.source == "manual" and account.settings.get("uploads") is not True:
        raise ValidationError("The account's positions are entered. Set 'uploads': true first.")
    if not name.lower().endswith(kinds):
        raise ValidationError(f"{name[:100]!r}: expected a file that ends in {' or '.join(kinds)}.")
    if not 0 < size <= MAX_BYTES:
        raise ValidationError(
            f"The file has {size} bytes. Expected 1 to {MAX_BYTES} ({MAX_BYTES // 1024**2} MB)."
        )
