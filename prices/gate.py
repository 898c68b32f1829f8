"""The gate to a venue that all jobs, threads and processes pass through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

from prices.models.budget import Budget
from prices.models.circuit import Circuit
from prices.usage import count_call, write_counted
from prices.venues.base import Banned, RateLimited
from prices.venues.caller import Chance

AHEAD = timedelta(seconds=0.25)  # how early a turn is taken: who waits longer asks again
LATE = timedelta(seconds=0.1)  # a turn that is used later could meet the ones after it
PATIENCE = timedelta(seconds=60)  # for a turn
NEVER_HELD = timedelta(minutes=5)  # no hold is as long; a clock that was ahead wrote it
# Of the threads of a process one asks the database, the others wait for it, in their order.
_FIRST_IN_LINE: dict[tuple[str, str, str], Lock] = {}


class DatabaseGate:
    """Turns are tokens of `Budget`, bans are those of `Circuit`.

    key               whose keys are used; never the keys themselves
    calls_per_second  of each group, at most
    """

    def __init__(
        self,
        venue: str,
        key: str,
        calls_per_second: Mapping[str, float],
        chance: Chance | None = None,
    ) -> None:
        self.venue = venue
        self.key = key
        self._paces = {
            group: timedelta(seconds=1 / calls) for group, calls in calls_per_second.items()
        }
        self._chance = chance or Chance()
        self._budgets: dict[str, Budget] = {}

    def pass_through(self, group: str, cost: float = 1.0) -> None:
        """Return when it is the caller's turn. Raise Banned, or RateLimited after a minute."""
        pace = self._paces[group] * cost
        write_counted()
        give_up_at = self._chance.now() + PATIENCE
        with self._first_in_line(group):
            lead = timedelta(0)
            while True:
                now = self._chance.now()
                budget = self._budgets.get(group) or self._read_budget(group)
                turn = budget.take(now + lead, latest=now + lead + AHEAD, pace=pace)
                if turn is None:
                    self._wait_or_refuse(group, give_up_at)
                    continue
                self._sleep_until(turn)
                late = self._chance.now() - turn
                if late <= LATE:
                    break
                # Busy machine, slow database: let this turn go, and take one further off.
                lead = min(2 * late, timedelta(seconds=1))
                if turn > give_up_at:
                    raise RateLimited(
                        f"This machine is too busy to call {self.venue} in turn.", until=turn
                    )
        count_call(self.venue, self.key, group, turn)

    def hold(self, group: str, until: datetime) -> None:
        self._read_budget(group).hold(until)

    def ban(self, until: datetime | None, reason: str) -> datetime:
        circuit = Circuit.objects.break_open(
            venue=self.venue, key=self.key, now=self._chance.now(), until=until, reason=reason
        )
        return circuit.open_until

    def _read_budget(self, group: str) -> Budget:
        budget = Budget.objects.shared(venue=self.venue, key=self.key, group=group)
        self._budgets[group] = budget
        return budget

    def _wait_or_refuse(self, group: str, give_up_at: datetime) -> None:
        """Sleep until a turn can be taken. Raise Banned, or RateLimited if that is too far off."""
        now = self._chance.now()
        circuit = Circuit.objects.find_open(venue=self.venue, key=self.key, now=now)
        if circuit:
            until = circuit.open_until
            raise Banned(
                f"Nobody calls {self.venue} before {until:%Y-%m-%d %H:%M:%S}Z: {circuit.reason}",
                until=until,
            )
        budget = self._read_budget(group)
        if budget.next_at > now + NEVER_HELD:
            budget.reset(now)
            return
        if budget.next_at > give_up_at:
            raise RateLimited(
                f"{self.venue} takes no more calls for {group} before "
                f"{budget.next_at:%Y-%m-%d %H:%M:%S}Z.",
                until=budget.next_at,
            )
        self._sleep_until(budget.next_at - AHEAD * self._chance.random())

    def _sleep_until(self, instant: datetime) -> None:
        seconds = (instant - self._chance.now()).total_seconds()
        if seconds > 0:
            self._chance.sleep(seconds)

    @contextmanager
    def _first_in_line(self, group: str) -> Iterator[None]:
        lock = _FIRST_IN_LINE.setdefault((self.venue, self.key, group), Lock())
        if not lock.acquire(timeout=PATIENCE.total_seconds()):
            until = self._read_budget(group).next_at
            raise RateLimited(f"Too many wait to call {self.venue} for {group}.", until=until)
        try:
            yield
        finally:
            lock.release()
