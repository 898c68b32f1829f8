"""Flows of a portfolio, in its currency."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from snapshots.models import Flow, Snapshot
from snapshots.performance.periods import Flowed, Point
from snapshots.performance.returns import ZERO
from snapshots.selectors.scope import Member, Scope
from snapshots.valuing.rates import USD


class RateUnknown(LookupError):
    """A flow has no rate to the currency of the portfolio."""


def read_flows(scope: Scope, after: datetime, until: datetime) -> list[Flowed]:
    """Return what came into the portfolio in (after, until], oldest first.

    Transfers between own accounts are none when all accounts are added up. An account that joins
    brings its first value along, one that leaves takes its last; of what own accounts sent it
    before, or get from it afterwards, nothing is new or gone.
    """
    found = Flow.objects.filter(account__in=scope.accounts).within(after, until)
    rates = _Rates(scope)
    members = {one.account.pk: one for one in scope.members}
    flows = [
        Flowed(at=flow.at, amount=rates.amount(flow), account=flow.account_id)
        for flow in found
        if not (flow.is_internal and scope.is_whole) and members[flow.account_id].was_in(flow.at)
    ]
    moved = [*_joined(scope, rates, after, until), *_left(scope, rates, after, until)]
    return sorted([*flows, *moved], key=lambda one: one.at)


def flows_known(scope: Scope, first: Point, last: Point) -> bool:
    """Say whether all flows between two points are known, of each account while it is in."""
    return all(
        one.account.knows_flows(
            first.taken.get(one.account.pk, max(first.at, one.first_at)),
            last.taken.get(one.account.pk, min(last.at, one.left_at or last.at)),
        )
        for one in scope.members
        if one.first_at
        and one.first_at < last.at
        and (one.left_at is None or one.left_at > first.at)
    )


def _joined(scope: Scope, rates: _Rates, after: datetime, until: datetime) -> list[Flowed]:
    """Return the first values of accounts that joined, less what own accounts had sent them."""
    flows = []
    for member in scope.members:
        at = member.first_at
        if at is None or not after < at <= until:
            continue
        value = rates.value(member, at)
        if value is not None:
            value -= rates.moved(member, at__lte=at)
            flows.append(Flowed(at=at, amount=value, account=member.account.pk))
    return flows


def _left(scope: Scope, rates: _Rates, after: datetime, until: datetime) -> list[Flowed]:
    """Return the last values of accounts that left, as outflows an instant later."""
    flows = []
    for member in scope.members:
        if member.left_at and after <= member.left_at < until:
            value = rates.value(member, member.left_at)
            if value is not None:
                value += rates.moved(member, at__gt=member.left_at)
                at = _next(member.left_at)
                flows.append(Flowed(at=at, amount=-value, account=member.account.pk))
    return flows


def _next(at: datetime) -> datetime:
    return at.replace(microsecond=min(999_999, at.microsecond + 1))


class _Rates:
    """What a US dollar was in the currency of the portfolio, as its snapshots have it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: dict[int, list[tuple[datetime, Decimal]]] = {}

    def amount(self, flow: Flow) -> Decimal:
        """Return a flow in the currency of the portfolio, at the rate of the end of its day."""
        amount: Decimal = flow.amount
        if flow.currency == self._scope.currency:
            return amount
        if self._scope.currency == USD:
            return Decimal(flow.amount_usd)
        return Decimal(flow.amount_usd) * self._per_usd(flow.account_id, flow.at)

    def moved(self, member: Member, **when: datetime) -> Decimal:
        """Return what came from own accounts less what went to them, while it was no member."""
        if not self._scope.is_whole:
            return ZERO
        flows = Flow.objects.filter(account=member.account, is_internal=True, **when)
        return sum((self.amount(flow) for flow in flows), ZERO)

    def value(self, member: Member, at: datetime) -> Decimal | None:
        """Return what an account was worth; another reporting currency may have been set then."""
        counted = Snapshot.objects.counted().filter(account=member.account, slot_at=at)
        found = counted.first()
        if found is None or self._scope.rate_of(found) is not None:
            known: Decimal | None = getattr(found, self._scope.value_field, None)
            return known
        return Decimal(found.total_usd) * self._per_usd(member.account.pk, at)

    def _per_usd(self, account_id: int, at: datetime) -> Decimal:
        if not self._known:
            self._known = self._read()
        known = self._known.get(account_id) or next(iter(self._known.values()), [])
        if not known:
            raise RateUnknown(f"No snapshot tells what a US dollar is in {self._scope.currency}.")
        place = bisect_left(known, at, key=lambda one: one[0])
        return known[min(place, len(known) - 1)][1]

    def _read(self) -> dict[int, list[tuple[datetime, Decimal]]]:
        """Return the rates of the ends of days; on the first day those of the day so far."""
        rows = Snapshot.objects.counted().filter(
            account__in=self._scope.accounts, reporting_currency=self._scope.currency
        )
        ends = rows.filter(kind="eod")
        rows = ends if ends.exists() else rows
        known: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
        columns = ("account_id", "slot_at", "fx_rate", "reporting_rate")
        for number, at, usd, reporting in rows.order_by("slot_at").values_list(*columns):
            known[number].append((at, (reporting or Decimal(1)) / (usd or Decimal(1))))
        return known
