"""Measures of a portfolio, from its ends of days and its positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from snapshots.performance.concentration import concentration, exposure
from snapshots.performance.irr import xirr
from snapshots.performance.measures import Measure, Measures, measure
from snapshots.performance.periods import Flowed, day_ends, flowed_between
from snapshots.performance.returns import DayEnd, DayReturn, day_returns
from snapshots.selectors.curve import CurvePoint, read_ends
from snapshots.selectors.flows import flows_known, read_flows
from snapshots.selectors.positions import read_positions, shares
from snapshots.selectors.scope import Scope

A_YEAR = timedelta(days=365)
NO_RATE = "No rate makes these payments worth nothing."
UNKNOWN_FLOWS = "Flows are not known, so what came or left would count as earned or lost."


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What a portfolio returned, day by day; `reason` says why there is nothing.

    changes  what each day gained; with flows unknown, by how much its value changed
    """

    ends: Sequence[CurvePoint]
    returns: Sequence[DayReturn]
    changes: Sequence[DayReturn]
    measures: Measures
    money_weighted: Measure
    flows_known: bool
    started_on: date | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """What it stands on: of 1; None with a reason where there is nothing to divide."""

    exposure: Measure
    concentration: Measure


def read_performance(scope: Scope, *, since: date | None = None) -> Performance:
    """Return the returns of the days since `since`, or of all."""
    return performance_of(scope, read_ends(scope, since=since))


def performance_of(scope: Scope, ends: Sequence[CurvePoint]) -> Performance:
    points = [point for one in ends if (point := one.point)]
    if len(points) < 2:
        return _nothing(ends, "Two ends of days are needed.", is_known=True)
    first, last = points[0], points[-1]
    flows = read_flows(scope, first.earliest, last.at)
    days = day_ends(points, flows)
    changes = day_returns(days)
    if not flows_known(scope, first, last):
        return _nothing(ends, UNKNOWN_FLOWS, is_known=False, changes=changes)
    return Performance(
        ends=ends,
        returns=changes,
        changes=changes,
        measures=measure(changes, started_on=first.business_date),
        money_weighted=_money_weighted(days, flowed_between(first, last, flows), scope.zone),
        flows_known=True,
        started_on=first.business_date,
    )


def read_standings(scope: Scope, ends: Sequence[CurvePoint]) -> Standings:
    """Return exposure and concentration of now."""
    if scope.newest_at is None or not any(one.point for one in ends):
        nothing = Measure(reason="No end of a day was accepted yet.")
        return Standings(exposure=nothing, concentration=nothing)
    now = read_positions(scope, scope.newest_at)
    if not now.is_whole:
        unknown = Measure(reason="Of an account only the total is known, not its positions.")
        return Standings(exposure=unknown, concentration=unknown)
    parts = shares(now)
    return Standings(
        exposure=_exact(exposure(parts, now.total), "The total is 0 or less."),
        concentration=_exact(concentration(parts), "There are no positions."),
    )


def _nothing(
    ends: Sequence[CurvePoint], reason: str, *, is_known: bool, changes: Sequence[DayReturn] = ()
) -> Performance:
    return Performance(
        ends=ends,
        returns=(),
        changes=changes,
        measures=_without(measure([], started_on=None), reason),
        money_weighted=Measure(reason=reason),
        flows_known=is_known,
        started_on=None,
        reason=reason,
    )


def _without(measures: Measures, reason: str) -> Measures:
    """Give each of them the same reason: that there are no returns is only what follows."""
    given: dict[str, Any] = {
        one.name: Measure(reason=reason)
        for one in fields(measures)
        if isinstance(getattr(measures, one.name), Measure)
    }
    return replace(measures, drawdown_reason=reason, **given)


def _money_weighted(days: Sequence[DayEnd], flows: Sequence[Flowed], zone: ZoneInfo) -> Measure:
    first, last = days[0], days[-1]
    paid = [(first.day, -first.value)]
    paid += [(flow.at.astimezone(zone).date(), -flow.amount) for flow in flows]
    paid.append((last.day, last.value))
    rates = xirr(paid)
    if not rates:
        lost = not any(amount > 0 for _, amount in paid)
        return Measure(reason="Nothing of it came back or is left." if lost else NO_RATE)
    length = (last.day - first.day).days
    notes = [f"From {length} days only: it says little of a year."] if length < A_YEAR.days else []
    notes += ["Other rates do as well; this is the nearest to 0."] if len(rates) > 1 else []
    return Measure(value=rates[0], note=" ".join(notes))


def _exact(value: Decimal | None, reason: str) -> Measure:
    return Measure(reason=reason) if value is None else Measure(value=float(value))
