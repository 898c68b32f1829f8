from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import uuid4

from django.db import models, transaction

from prices.models.budget import microseconds

HOUR_US = 3_600_000_000
LEASE = timedelta(seconds=120)  # of a turn whose holder died; a call takes 105 s at the most
MILLISECOND_US = 1000


class HourlyBudgetQuerySet(models.QuerySet["HourlyBudget"]):
    def shared(self, *, source: str, key: str) -> HourlyBudget:
        """Return the one row that everybody shares; whoever comes first writes it."""
        return self.get_or_create(source=source, key=key)[0]


class HourlyBudget(models.Model):
    """The calls that a source takes with one key: one at a time, numbered, so many in an hour.

    A call counts from when its turn is taken, whether or not it is answered.
    """

    source = models.CharField(max_length=40)
    key = models.CharField(max_length=40, help_text="A mark of the key; never the key.")
    last_number = models.BigIntegerField(default=0, help_text="Milliseconds since 1970, or more.")
    taken_us = models.JSONField(default=list, help_text="When, within the last hour.")
    holder = models.CharField(max_length=32, blank=True, help_text="Who has the turn.")
    held_until = models.DateTimeField(null=True, help_text="Then it is free, whatever became.")

    objects = HourlyBudgetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["source", "key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "key"], name="hourly_budget_once_per_source_and_key"
            )
        ]

    def __str__(self) -> str:
        return f"of {self.source}"

    def take(self, now: datetime, *, per_hour: int, pace: timedelta) -> bool:
        """Take a turn; `last_number` is its number. Return False if none is free now.

        pace  from one turn to the next, at least
        """
        with transaction.atomic(durable=True):
            row = HourlyBudget.objects.select_for_update().get(pk=self.pk)
            can = row._is_free(now, pace) and row._left(now, per_hour) > 0
            if can:
                now_us = microseconds(now)
                row.taken_us = [*row._recent(now), now_us]
                row.last_number = max(row.last_number + 1, now_us // MILLISECOND_US)
                row.holder, row.held_until = uuid4().hex, now + LEASE
                row.save()
        for name in ("taken_us", "last_number", "holder", "held_until"):
            setattr(self, name, getattr(row, name))
        return can

    def release(self) -> None:
        """Give the turn back, unless it was taken for dead and is somebody else's now."""
        mine = HourlyBudget.objects.filter(pk=self.pk, holder=self.holder)
        mine.update(holder="", held_until=None)

    def full_until(self, now: datetime, per_hour: int) -> datetime | None:
        """Return when there is a call again; None if there is one now."""
        recent = self._recent(now)
        if len(recent) < per_hour:
            return None
        wait_us = recent[-per_hour] + HOUR_US - microseconds(now)
        return now + timedelta(microseconds=wait_us)

    def _is_free(self, now: datetime, pace: timedelta) -> bool:
        # Clocks of hosts differ by seconds; one that is further ahead was wrong.
        is_held = self.held_until is not None and now < self.held_until <= now + 2 * LEASE
        newest = max(self._recent(now), default=0)
        # A newest one that is ahead was taken before the clock was set back: nobody waits for it.
        return not is_held and abs(microseconds(now) - newest) >= pace // timedelta(microseconds=1)

    def _left(self, now: datetime, per_hour: int) -> int:
        return per_hour - len(self._recent(now))

    def _recent(self, now: datetime) -> list[int]:
        """Return the turns of the last hour. Those far ahead are of a clock that was wrong."""
        since, until = microseconds(now) - HOUR_US, microseconds(now + LEASE)
        return [at for at in sorted(self.taken_us) if since < at <= until]
