"""Who may call a venue, and when: rows that all threads, processes and hosts share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import connection, models, transaction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# One statement: of those who ask at once each sees what the one before has written.
TAKE = """
UPDATE prices_budget SET
    next_us = CASE WHEN next_us > %(now_us)s THEN next_us ELSE %(now_us)s END + %(pace_us)s,
    taken = taken + 1
WHERE id = %(id)s AND next_us <= %(latest_us)s AND NOT EXISTS (
    SELECT 1 FROM prices_circuit AS circuit
    WHERE circuit.venue = prices_budget.venue AND circuit.key = prices_budget.key
        AND circuit.open_until > %(now)s
)
RETURNING next_us - %(pace_us)s
"""


class BudgetQuerySet(models.QuerySet["Budget"]):
    def shared(self, *, venue: str, key: str, group: str) -> Budget:
        """Return the one row that everybody shares; whoever comes first writes it."""
        return self.get_or_create(venue=venue, key=key, group=group)[0]


class Budget(models.Model):
    """The calls that a venue takes of one group: one token at a time, at a pace.

    Two tokens are never closer than the pace, so no second has more than it should, wherever
    the venue's seconds begin.
    """

    venue = models.CharField(max_length=40)
    key = models.CharField(max_length=40, blank=True, help_text="Of whose keys; empty: no keys.")
    group = models.CharField(max_length=40, help_text="What the venue counts together.")
    next_us = models.BigIntegerField(
        default=0, help_text="No token before: microseconds since 1970 (UTC)."
    )
    taken = models.BigIntegerField(default=0, help_text="Tokens since the beginning.")

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["venue", "key", "group"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["venue", "key", "group"], name="budget_once_per_venue_key_and_group"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} of {self.venue}"

    @property
    def next_at(self) -> datetime:
        return EPOCH + self.next_us * MICROSECOND

    def take(self, now: datetime, *, latest: datetime, pace: timedelta) -> datetime | None:
        """Take a token and return when it may be spent: from `now` to `latest`.

        pace  from one token to the next

        Return None if the next one comes later, or the venue's circuit is open.
        """
        values = {
            "id": self.pk,
            "now": connection.ops.adapt_datetimefield_value(now),
            "now_us": microseconds(now),
            "latest_us": microseconds(latest),
            "pace_us": pace // MICROSECOND,
        }
        # Inside somebody's transaction the row would stay locked, and all wait for its end.
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(TAKE, values)
            row = cursor.fetchone()
        return EPOCH + row[0] * MICROSECOND if row else None

    def hold(self, until: datetime) -> None:
        """Give no token before `until`; one that is out already stays out."""
        until_us = microseconds(until)
        Budget.objects.filter(pk=self.pk, next_us__lt=until_us).update(next_us=until_us)

    def reset(self, now: datetime) -> None:
        """Give tokens from `now` on, unless somebody has moved the row since it was read."""
        unmoved = Budget.objects.filter(pk=self.pk, next_us=self.next_us)
        unmoved.update(next_us=microseconds(now))


def microseconds(instant: datetime) -> int:
    """Return the whole microseconds since 1970: whole numbers add up in SQL, on all databases."""
    return (instant - EPOCH) // MICROSECOND
