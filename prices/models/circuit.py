from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction

FIRST_BAN = timedelta(minutes=5)  # if the venue does not say how long
LONGEST_BAN = timedelta(hours=6)  # the same
REMEMBERED = timedelta(days=1)  # a ban within it makes the next one longer


class CircuitQuerySet(models.QuerySet["Circuit"]):
    def find_open(self, *, venue: str, key: str, now: datetime) -> Circuit | None:
        return self.filter(venue=venue, key=key, open_until__gt=now).first()

    def break_open(
        self, *, venue: str, key: str, now: datetime, until: datetime | None, reason: str
    ) -> Circuit:
        """Close the venue to everybody, and return until when.

        until  None = the venue did not say: 5 minutes, twice as long each time within a day

        Calls that were on their way and are banned as well count as one ban.
        """
        with transaction.atomic():
            self.get_or_create(venue=venue, key=key, defaults={"open_until": now})
            circuit = self.select_for_update().get(venue=venue, key=key)
            circuit._break_open(now, until, reason)
            circuit.save()
        return circuit


class Circuit(models.Model):
    """Whether a venue lets us call it. It closes by itself: nobody calls before `open_until`."""

    venue = models.CharField(max_length=40)
    key = models.CharField(max_length=40, blank=True, help_text="Of whose keys; empty: no keys.")
    open_until = models.DateTimeField(help_text="Nobody calls before.")
    opened_at = models.DateTimeField(null=True, help_text="When it was broken open last.")
    bans = models.PositiveIntegerField(default=0, help_text="In a row, each a day after another.")
    reason = models.TextField(blank=True, help_text="What the venue said.")

    objects = CircuitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["venue", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["venue", "key"], name="circuit_once_per_venue_and_key")
        ]

    def __str__(self) -> str:
        return f"{self.venue} until {self.open_until:%Y-%m-%d %H:%M:%S}Z"

    def close(self, now: datetime) -> bool:
        """Let the venue be called from `now` on; return False if it may be already.

        Its bans stay counted: if it bans us again soon, the next one is longer.
        """
        still_open = Circuit.objects.filter(pk=self.pk, open_until__gt=now)
        return bool(still_open.update(open_until=now))

    def _break_open(self, now: datetime, until: datetime | None, reason: str) -> None:
        if self.open_until > now:  # one that was on its way
            self.open_until = max(self.open_until, until or now)
            return
        is_another = self.bans and now - self.open_until < REMEMBERED
        self.bans = self.bans + 1 if is_another else 1
        own = min(LONGEST_BAN, FIRST_BAN * (1 << min(self.bans - 1, 10)))
        self.open_until = until or now + own
        self.opened_at = now
        self.reason = reason
