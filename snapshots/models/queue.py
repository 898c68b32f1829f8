"""Turns to call a source: rows that all threads, processes and hosts share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from prices.models import Circuit
from prices.usage import count_call
from prices.venues.caller import Chance
from snapshots.models.hourly_budget import HourlyBudget
from snapshots.sources.base import BudgetSpent, SourceUnavailable

# The run of a worker that died is tried again some 25 s after its last call at the earliest. It has
# to outlast the turn of that call, and to end before its own timeout of 120 s.
PATIENCE = timedelta(seconds=98)
LOOK = 0.2  # s between looks whether the turn is free
GROUP = "hourly"


class DatabaseQueue:
    """Turns are those of `HourlyBudget`, bans those of `Circuit`."""

    PACE = timedelta(seconds=1)  # from one call to the next

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    @contextmanager
    def turn(self, source: str, key: str, *, per_hour: int) -> Iterator[int]:
        budget = HourlyBudget.objects.shared(source=source, key=key)
        give_up_at = self._chance.now() + PATIENCE
        while True:
            now = self._chance.now()
            self._refuse_if_closed(source, key, now)
            if budget.take(now, per_hour=per_hour, pace=self.PACE):
                break
            self._refuse_if_spent(budget, now, per_hour)
            if now > give_up_at:
                raise SourceUnavailable(
                    f"Others call {source} with this key, or died while they did: no turn was free "
                    f"for {PATIENCE.seconds} s. Try again later."
                )
            self._chance.sleep(LOOK)
        count_call(source, key, GROUP, now)
        try:
            yield budget.last_number
        finally:
            budget.release()

    def ban(self, source: str, key: str, until: datetime, reason: str) -> None:
        Circuit.objects.break_open(
            venue=source, key=key, now=self._chance.now(), until=until, reason=reason
        )

    def _refuse_if_closed(self, source: str, key: str, now: datetime) -> None:
        circuit = Circuit.objects.find_open(venue=source, key=key, now=now)
        if circuit:
            raise SourceUnavailable(
                f"Nobody calls {source} before {circuit.open_until:%Y-%m-%d %H:%M:%S}Z: "
                f"{circuit.reason}"
            )

    def _refuse_if_spent(self, budget: HourlyBudget, now: datetime, per_hour: int) -> None:
        until = budget.full_until(now, per_hour)
        if until:
            raise BudgetSpent(
                f"{budget.source} takes {per_hour} calls an hour, and they are spent until "
                f"{until:%H:%M:%S}Z. Nothing was sent."
            )
