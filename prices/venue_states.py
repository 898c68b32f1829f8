"""How each venue is: may it be called, how much of it is taken, what it told us last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Max, Sum

from prices.models import Budget, BudgetUse, Circuit, Coverage, Instrument, LastPrice
from prices.opening import missing_settings, venue_names

A_DAY = timedelta(hours=24)


class State(StrEnum):
    """ready = it may be called; banned = it has closed its door; no_keys = it wants some."""

    READY = "ready"
    BANNED = "banned"
    NO_KEYS = "no_keys"


@dataclass(frozen=True, slots=True)
class JobUse:
    """How many calls a job made of one group. `job` is its key; empty = there was none."""

    job: str
    calls: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What the venue counts together; `uses` are those of the last 24 hours, most first."""

    budget: Budget
    uses: tuple[JobUse, ...]

    @property
    def calls(self) -> int:
        return sum(use.calls for use in self.uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueState:
    """One venue.

    missing_settings  without which it tells no prices
    circuits          of which it was ever banned, open or closed
    instruments       how many there are, by state
    listed_at         when its list was read last
    last_prices_at    when its last prices were read last
    candles_until     to which instant any of its candles are known, by interval
    """

    name: str
    now: datetime
    missing_settings: tuple[str, ...] = ()
    circuits: list[Circuit] = field(default_factory=list)
    budgets: list[BudgetState] = field(default_factory=list)
    instruments: dict[str, int] = field(default_factory=dict)
    listed_at: datetime | None = None
    last_prices_at: datetime | None = None
    candles_until: dict[str, datetime] = field(default_factory=dict)

    @property
    def open_circuits(self) -> list[Circuit]:
        return [circuit for circuit in self.circuits if circuit.open_until > self.now]

    @property
    def state(self) -> State:
        if self.open_circuits:
            return State.BANNED
        return State.NO_KEYS if self.missing_settings else State.READY


def read_venue_states(now: datetime) -> list[VenueState]:
    """Return all venues of this installation and those that anything is stored of, by name.

    Six statements, however many there are.
    """
    counts = Instrument.objects.order_by().values_list("venue", "state")
    listed = list(counts.annotate(Count("pk"), Max("last_listed_at")))
    circuits, budgets = list(Circuit.objects.all()), list(Budget.objects.all())
    uses = _uses(now)
    last_prices = dict(
        LastPrice.objects.order_by().values_list("instrument__venue").annotate(Max("fetched_at"))
    )
    covered = Coverage.objects.order_by().values_list("instrument__venue", "interval")
    until = {(venue, name): at for venue, name, at in covered.annotate(Max("ends_at"))}
    found = {venue for venue, *_ in listed}
    found |= {circuit.venue for circuit in circuits} | {budget.venue for budget in budgets}
    return [
        VenueState(
            name=name,
            now=now,
            missing_settings=missing_settings(name),
            circuits=[circuit for circuit in circuits if circuit.venue == name],
            budgets=[
                BudgetState(budget, tuple(uses.get((name, budget.key, budget.group), ())))
                for budget in budgets
                if budget.venue == name
            ],
            instruments={state: count for venue, state, count, _ in listed if venue == name},
            listed_at=_latest(at for venue, *_, at in listed if venue == name),
            last_prices_at=last_prices.get(name),
            candles_until={key[1]: at for key, at in sorted(until.items()) if key[0] == name},
        )
        for name in sorted(found.union(venue_names()))
    ]


def _uses(now: datetime) -> dict[tuple[str, str, str], list[JobUse]]:
    rows = BudgetUse.objects.filter(hour__gt=now - A_DAY).order_by()
    found: dict[tuple[str, str, str], list[JobUse]] = {}
    summed = rows.values_list("venue", "key", "group", "job").annotate(calls=Sum("calls"))
    for venue, key, group, job, calls in summed.order_by("-calls", "job"):
        found.setdefault((venue, key, group), []).append(JobUse(job, calls))
    return found


def _latest(instants: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in instants if at), default=None)
