"""Flows of a portfolio, in its currency."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from snapshots.models import Flow, Snapshot
from snapshots.performance.periods import Flowed, Point
from snapshots.performance.returns import ZERO
from snapshots.selectors.scope import Member, Scope
from snapshots.selectors.transfers import ON_ITS_WAY, pairs_of
from snapshots.valuing.rates import USD


class RateUnknown(LookupError):
    """A flow has no rate to the currency of the portfolio."""


def read_flows(scope: Scope, after: datetime, until: datetime) -> list[Flowed]:
    """Return what came into the portfolio in (after, until], oldest first.

    Of transfers between own accounts both ends are told when all accounts are added up: who asks
    leaves out those of which he has both. An account that joins brings its first value along, one
    that leaves takes its last; of what own accounts sent it before, or get from it afterwards,
    nothing is new or gone.
    """
    joined = [one for one in scope.members if one.first_at and after < one.first_at <= until]
    left = [one for one in scope.members if one.left_at and after <= one.left_at < until]
    wanted = Q(at__gt=after, at__lte=until)
    if scope.is_whole:
        # What moved before an account joined may be long ago; else the other end is near.
        near = Q(at__gt=after - ON_ITS_WAY, at__lte=until + ON_ITS_WAY)
        wanted |= Q(is_internal=True) & (Q() if joined or left else near)
    found = Flow.objects.filter(wanted, account__in=scope.accounts)
    rates = _Rates(scope)
    members = {one.account.pk: one for one in scope.members}
    inside = [flow for flow in found if flow.is_internal and scope.is_whole]
    outside = [flow for flow in found if not (flow.is_internal and scope.is_whole)]
    flows = [
        Flowed(at=flow.at, amount=rates.amount(flow), account=flow.account_id)
        for flow in outside
        if members[flow.account_id].was_in(flow.at)
    ]
    flows += _transferred(inside, members, rates)
    flows += [flow for one in joined for flow in _joined(one, rates, inside)]
    flows += [flow for one in left for flow in _left(one, rates, inside)]
    return sorted((one for one in flows if after < one.at <= until), key=lambda one: one.at)


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


def _transferred(
    inside: Sequence[Flow], members: Mapping[int, Member], rates: _Rates
) -> Iterator[Flowed]:
    """Yield both ends of transfers, each with what was sent: what lacks at the end were fees."""
    for number, (sent, got) in enumerate(pairs_of(inside), start=1):
        amount = rates.amount(sent)
        for flow, worth in ((sent, amount), (got, -amount)):
            at = _within(members[flow.account_id], flow.at)
            yield Flowed(at=at, amount=worth, account=flow.account_id, transfer=number)


def _within(member: Member, at: datetime) -> datetime:
    """Return when a transfer showed: with the first value at the earliest, or after the last."""
    if member.first_at and at < member.first_at:
        return member.first_at
    return _next(member.left_at) if member.left_at and at > member.left_at else at


def _joined(member: Member, rates: _Rates, inside: Sequence[Flow]) -> Iterator[Flowed]:
    """Yield the first value of an account, less what own accounts had sent it."""
    at, number = member.first_at, member.account.pk
    value = rates.value(member, at) if at else None
    if at is not None and value is not None:
        sent = (one for one in inside if one.account_id == number and one.at <= at)
        given = sum((rates.amount(flow) for flow in sent), ZERO)
        yield Flowed(at=at, amount=value - given, account=number)


def _left(member: Member, rates: _Rates, inside: Sequence[Flow]) -> Iterator[Flowed]:
    """Yield the last value of an account that left, as an outflow an instant later."""
    at, number = member.left_at, member.account.pk
    value = rates.value(member, at) if at else None
    if at is not None and value is not None:
        sent = (one for one in inside if one.account_id == number and one.at > at)
        value += sum((rates.amount(flow) for flow in sent), ZERO)
        yield Flowed(at=_next(at), amount=-value, account=number)


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
