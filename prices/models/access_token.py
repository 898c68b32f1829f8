from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q

from vault.fields import EncryptedTextField
from vault.secret import Secret

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER_HELD = timedelta(minutes=5)  # for so long; a clock that was ahead wrote it
MARGIN = timedelta(minutes=10)  # before its end a token is used no more


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def shared(self, *, venue: str, key: str) -> AccessToken:
        """Return the one row that everybody shares; whoever comes first writes it."""
        return self.get_or_create(venue=venue, key=key)[0]


class AccessToken(models.Model):
    """What a venue gives for our keys, for a day: one for all threads, processes and hosts.

    none -> asked for by one of us -> there -> expired, or refused by the venue -> asked for …
    """

    venue = models.CharField(max_length=40)
    key = models.CharField(max_length=40, help_text="A mark of the keys; never the keys.")
    token = EncryptedTextField(null=True, blank=True, help_text="Empty: nobody has one.")
    mark = models.CharField(
        max_length=16, blank=True, help_text="Tells tokens apart, and shows none."
    )
    refused_mark = models.CharField(
        max_length=16, blank=True, help_text="Of the last token that the venue took no more."
    )
    issued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_ask_at = models.DateTimeField(
        default=EPOCH, help_text="Nobody asks before. Whoever asks moves it ahead first."
    )
    refusal = models.TextField(blank=True, help_text="Why the venue gives none.")

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["venue", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["venue", "key"], name="access_token_once_per_venue_and_key"
            ),
            models.CheckConstraint(
                condition=Q(token__isnull=True)
                | Q(issued_at__isnull=False, expires_at__isnull=False),
                name="access_token_has_its_times",
            ),
        ]

    def __str__(self) -> str:
        return f"of {self.venue}, until {self.expires_at:%Y-%m-%d %H:%M}Z" if self.token else "none"

    def is_usable(self, now: datetime) -> bool:
        return bool(self.token and self.expires_at and now < self.expires_at - MARGIN)

    def claim(self, now: datetime, *, pace: timedelta) -> bool:
        """Become the only one who asks the venue for a token; return False if another one is.

        pace  from one asking to the next, also if nothing is heard of the first one again
        """
        due = Q(next_ask_at__lte=now) | Q(next_ask_at__gt=now + NEVER_HELD)
        unchanged = AccessToken.objects.filter(due, pk=self.pk, mark=self.mark)
        # Inside somebody's transaction nobody else would see the claim.
        with transaction.atomic(durable=True):
            claimed = unchanged.update(next_ask_at=now + pace, refusal="")
        if claimed:
            self.next_ask_at = now + pace
        return bool(claimed)

    def keep(self, token: Secret, *, issued_at: datetime, expires_at: datetime) -> None:
        """Give everybody the token that was asked for."""
        self._claimed().update(
            token=token, mark=mark_of(token), issued_at=issued_at, expires_at=expires_at
        )

    def release(self, next_ask_at: datetime, refusal: str = "") -> None:
        """Give up the claim: there is no token before `next_ask_at`."""
        self._claimed().update(next_ask_at=next_ask_at, refusal=refusal)

    def refuse(self, token: Secret) -> None:
        """Let nobody use the token again. Of all who notice, only the first changes anything."""
        mark = mark_of(token)
        AccessToken.objects.filter(pk=self.pk, mark=mark).update(
            token=None, mark="", refused_mark=mark
        )

    def _claimed(self) -> models.QuerySet[AccessToken]:
        """Return the row, unless our claim was taken for dead and is somebody else's now."""
        return AccessToken.objects.filter(pk=self.pk, next_ask_at=self.next_ask_at)


def mark_of(token: Secret) -> str:
    """Return what tells a token from others, and cannot be used as one."""
    return sha256(token.reveal().encode()).hexdigest()[:16]
