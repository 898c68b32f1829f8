from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q

from snapshots.sources.surroundings import Session
from vault.exceptions import CannotDecrypt
from vault.fields import EncryptedTextField
from vault.secret import Secret

SHOWN = 4  # characters of a key
LEAST_HIDDEN = 12  # a key is shown in part only if so much of it is not
NOTED = timedelta(minutes=1)  # how exact `last_used_at` is: not a write for each call
LEASE = timedelta(seconds=90)  # of the one who renews the session; longer than any call takes


class Credential(models.Model):
    """What opens an account at its source: people set it, jobs use it, nobody reads it.

    set -> used -> refused by the source, or its session has ended -> set or logged in anew
    """

    account = models.OneToOneField(
        "snapshots.Account", on_delete=models.CASCADE, related_name="credential"
    )
    values = EncryptedTextField(null=True, help_text="Keys and secrets by name, as JSON.")
    last_four = models.CharField(max_length=SHOWN, blank=True, help_text="Of the key.")
    set_at = models.DateTimeField(help_text="When somebody set it last.")
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")
    expires_at = models.DateTimeField(null=True, help_text="Empty: it does not tell.")
    refusal = models.TextField(blank=True, help_text="Why the source lets nobody in with it.")
    tokens = EncryptedTextField(null=True, help_text="What the source gave for a login, as JSON.")
    renewing_until = models.DateTimeField(null=True, help_text="Somebody renews the tokens.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tokens__isnull=True) | Q(expires_at__isnull=False),
                name="credential_session_has_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"of {self.account}"

    def put(self, values: Mapping[str, str], *, key: str, now: datetime) -> None:
        """Set the values anew and forget what came of the ones before.

        key  the one that may be shown in part
        """
        self.values = json.dumps(dict(values))
        self.last_four = key[-SHOWN:] if len(key) >= SHOWN + LEAST_HIDDEN else ""
        self.set_at = now
        self.last_used_at = self.expires_at = self.tokens = self.renewing_until = None
        self.refusal = ""
        self.save()

    def read(self) -> dict[str, Secret]:
        """Return the values by name; none if they were forgotten. Raise CannotDecrypt."""
        if self.values is None:
            return {}
        values: dict[str, str] = json.loads(self.values.reveal())
        return {name: Secret(value) for name, value in values.items()}

    def secrets(self) -> list[Secret]:
        """Return all that is secret of it, as far as a key can read it."""
        found: list[Secret] = []
        with suppress(CannotDecrypt):
            found += self.read().values()
        with suppress(CannotDecrypt):
            if session := self.session:
                found += [session.access_token, session.refresh_token, session.verifier]
        return found

    def note_use(self, now: datetime) -> None:
        if self.last_used_at is None or now - self.last_used_at >= NOTED:
            Credential.objects.filter(pk=self.pk).update(last_used_at=now)

    def refuse(self, reason: str) -> None:
        """Let nobody use it before it is set anew, unless that was done since it was read."""
        seen = Credential.objects.filter(pk=self.pk, set_at=self.set_at, expires_at=self.expires_at)
        seen.update(refusal=reason, tokens=None, expires_at=None, renewing_until=None)

    def forgive(self) -> None:
        """Let it be used again: somebody is about to log in with it."""
        Credential.objects.filter(pk=self.pk).update(refusal="")

    @property
    def session(self) -> Session | None:
        if self.tokens is None:
            return None
        given: dict[str, Any] = json.loads(self.tokens.reveal())
        return Session(
            access_token=Secret(given["access_token"]),
            access_until=datetime.fromisoformat(given["access_until"]),
            refresh_token=Secret(given["refresh_token"]),
            refresh_until=datetime.fromisoformat(given["refresh_until"]),
            verifier=Secret(given["verifier"]),
        )

    def keep(self, session: Session) -> None:
        """Take the session of a new login, or of one that was renewed."""
        given = {
            "access_token": session.access_token.reveal(),
            "access_until": session.access_until.isoformat(),
            "refresh_token": session.refresh_token.reveal(),
            "refresh_until": session.refresh_until.isoformat(),
            "verifier": session.verifier.reveal(),
        }
        Credential.objects.filter(pk=self.pk).update(
            tokens=Secret(json.dumps(given)),
            expires_at=session.refresh_until,
            renewing_until=None,
            refusal="",
        )
        self.expires_at = session.refresh_until

    def claim_renewal(self, now: datetime) -> bool:
        """Become the only one who renews the session; return False if another one does.

        A lease, not a row lock: a lock would be held while the source is asked, and on SQLite
        it would be that of the whole database.
        """
        is_free = Q(renewing_until=None) | Q(renewing_until__lte=now)
        rows = Credential.objects.filter(is_free, pk=self.pk, tokens__isnull=False)
        with transaction.atomic(durable=True):
            return rows.update(renewing_until=now + LEASE) == 1

    def release_renewal(self) -> None:
        Credential.objects.filter(pk=self.pk).update(renewing_until=None)
