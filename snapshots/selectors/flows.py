"""Flows of a portfolio, in its currency."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from snapshots.models import Flow, Snapshot
from snapshots.performance.periods import Flowed
from snapshots.performance.returns import ZERO
from snapshots.selectors.scope import Member, Scope
from snapshots.valuing.rates import USD


class RateUnknown(LookupError):
    """A flow has no rate to the currency of the portfolio."""


def read_flows(scope: Scope, after: datetime, until: datetime) -> list[Flowed]:
    """Return what came into the portfolio in (after, until], oldest first.

    Transfers between own accounts are none when all accounts are added up. An account that joins
    brings its first value along, one that leaves takes its last.
    """
    found = Flow.objects.filter(account__in=scope.accounts).within(after, until)
    rates = _Rates(scope)
    first = {one.account.pk: one.first_at for one in scope.members}
    flows = [
        Flowed(at=flow.at, amount=rates.amount(flow))
        for flow in found
        if _counts(flow, scope) and (at := first[flow.account_id]) and flow.at > at
    ]
    moved = [*_joined(scope, rates, after, until), *_left(scope, after, until)]
    return sorted([*flows, *moved], key=lambda one: one.at)


def flows_known(scope: Scope, after: datetime, until: datetime) -> bool:
    """Say whether all flows of (after, until] are known, of each account while it is in."""
    return all(
        one.account.knows_flows(max(after, one.first_at), min(until, one.left_at or until))
        for one in scope.members
        if one.first_at and one.first_at < until and (one.left_at is None or one.left_at > after)
    )


def _counts(flow: Flow, scope: Scope) -> bool:
    return not flow.is_internal or len(scope.members) == 1


def _joined(scope: Scope, rates: _Rates, after: datetime, until: datetime) -> list[Flowed]:
    """Return the first values of accounts that joined, less what own accounts had sent them."""
    flows = []
    for member in scope.members:
        at = member.first_at
        if at is None or not after < at <= until:
            continue
        sent = Flow.objects.filter(account=member.account, is_internal=True, at__lte=at)
        given = sum((rates.amount(flow) for flow in sent), ZERO) if len(scope.members) > 1 else ZERO
        value = _value_at(scope, member, at)
        if value is not None:
            flows.append(Flowed(at=at, amount=value - given))
    return flows


def _left(scope: Scope, after: datetime, until: datetime) -> list[Flowed]:
    """Return the last values of accounts that left, as outflows an instant later."""
    flows = []
    for member in scope.members:
        if member.left_at and after <= member.left_at < until:
            value = _value_at(scope, member, member.left_at)
            if value is not None:
                flows.append(Flowed(at=_next(member.left_at), amount=-value))
    return flows


def _next(at: datetime) -> datetime:
    return at.replace(microsecond=min(999_999, at.microsecond + 1))


def _value_at(scope: Scope, member: Member, at: datetime) -> Decimal | None:
    values = Snapshot.objects.counted().filter(account=member.account, slot_at=at)
    found: Decimal | None = values.values_list(scope.value_field, flat=True).first()
    return found


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

    def _per_usd(self, account_id: int, at: datetime) -> Decimal:
        if not self._known:
            self._known = self._read()
        known = self._known.get(account_id, [])
        if not known:
            raise RateUnknown(f"No snapshot tells what a US dollar is in {self._scope.currency}.")
        place = bisect_left(known, at, key=lambda one: one[0])
        return known[min(place, len(known) - 1)][1]

    def _read(self) -> dict[int, list[tuple[datetime, Decimal]]]:
        rows = Snapshot.objects.counted().filter(
            account__in=self._scope.accounts, kind="eod", reporting_currency=self._scope.currency
        )
        known: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
        columns = ("account_id", "slot_at", "fx_rate", "reporting_rate")
        for number, at, usd, reporting in rows.order_by("slot_at").values_list(*columns):
            known[number].append((at, (reporting or Decimal(1)) / (usd or Decimal(1))))
        return known
