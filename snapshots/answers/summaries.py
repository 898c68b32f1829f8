"""The answers that take more than one look: balances, metrics, the risk dashboard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Count

from snapshots.answers.telling import (
    cost_of,
    instant,
    money,
    of_account,
    of_measure,
    of_measures,
    of_pnl,
    of_position,
    of_snapshot,
    rounded,
)
from snapshots.models import Snapshot
from snapshots.performance.drawdown import underwater
from snapshots.performance.measures import Measure
from snapshots.performance.periods import Period, Pnl
from snapshots.performance.returns import ZERO
from snapshots.selectors.curve import CurvePoint
from snapshots.selectors.measures import Performance, performance_of, read_standings
from snapshots.selectors.pnl import Standing, pnl_of, read_standing
from snapshots.selectors.positions import Allocated, Standpoint, allocation, read_positions
from snapshots.selectors.scope import Scope
from snapshots.selectors.turnover import last_month, read_turnover

A_MONTH = timedelta(days=30)
TOP = 10
Body = dict[str, Any]


def balances(scope: Scope) -> Body:
    """Return what each account has now, with its positions."""
    standing = read_standing(scope)
    now = read_positions(scope, scope.newest_at) if scope.newest_at else None
    return {
        **_head(scope, standing),
        "accounts": [
            {
                **of_account(one),
                "snapshot": _snapshot_of(one.pk, now.snapshots if now else []),
                "source_says": _source_says(one.pk, now) if now else None,
            }
            for one in scope.accounts
        ],
        "positions": [of_position(row, held.value) for row, held in (now.positions if now else [])],
    }


def metrics(scope: Scope, period: Period | None = None) -> Body:
    """Return P&L of all periods, and the measures of one; None = of the whole past."""
    standing = read_standing(scope, since=date.min)
    pnls = pnl_of(scope, standing, list(Period)) if standing else []
    of_period = next((one for one in pnls if one.period is period), None)
    ends = _ends_of(standing, of_period)
    performance = performance_of(scope, ends)
    standings = read_standings(scope, standing.ends if standing else ())
    return {
        **_head(scope, standing),
        "period": period and period.value,
        "pnl": [of_pnl(one) for one in pnls],
        "flows_known": performance.flows_known,
        "reason": performance.reason,
        "measures": of_measures(performance.measures),
        "money_weighted": of_measure(performance.money_weighted),
        "exposure": of_measure(standings.exposure),
        "concentration": of_measure(standings.concentration),
        "turnover": of_measure(_turnover(scope, ends, of_period)),
    }


def risk(scope: Scope) -> Body:
    """Return what could be lost, where it lies, and how far the data can be trusted."""
    standing = read_standing(scope, since=date.min)
    ends = standing.ends if standing else ()
    performance = performance_of(scope, ends)
    standings = read_standings(scope, ends)
    now = read_positions(scope, scope.newest_at) if scope.newest_at else None
    parts = allocation(scope, now) if now else []
    measures = of_measures(performance.measures)
    names = (
        "volatility", "value_at_risk", "conditional_value_at_risk", "drawdown", "drawdown_reason",
    )  # fmt: skip
    return {
        **_head(scope, standing),
        "reason": performance.reason,
        **{name: measures[name] for name in names},
        "value_at_risk_amount": _amount_at_risk(measures["value_at_risk"]["value"], standing),
        "drawdown_now": _drawdown_now(performance),
        "exposure": of_measure(standings.exposure),
        "concentration": of_measure(standings.concentration),
        "turnover": of_measure(_turnover(scope, ends)),
        "by_kind": _shares(parts, lambda one: one.kind),
        "by_account": _shares(parts, lambda one: one.account),
        "largest": _shares(parts, lambda one: one.ticker)[:TOP],
        "data": _data(scope, ends),
    }


def _head(scope: Scope, standing: Standing | None) -> Body:
    return {
        "user_id": scope.owner.pk,
        "currency": scope.currency,
        "as_of": instant(standing.now.at) if standing else None,
        "value": money(standing.now.value) if standing else None,
        "is_carried": bool(standing and standing.now.is_carried),
        "missing": list(standing.missing) if standing else [],
    }


def _ends_of(standing: Standing | None, pnl: Pnl | None) -> Sequence[CurvePoint]:
    """Return the ends of days of a period, that of its baseline first; None = all."""
    ends = standing.ends if standing else ()
    if pnl is None:
        return ends
    return [one for one in ends if pnl.baseline and one.at >= pnl.baseline.at]


def _turnover(scope: Scope, ends: Sequence[CurvePoint], pnl: Pnl | None = None) -> Measure:
    """Return that of a period, up to now; None = of the last 30 days, to their last end."""
    points = [point for one in ends if (point := one.point)]
    if pnl is None:
        return read_turnover(scope, last_month(points))
    if pnl.baseline is None:
        return Measure(reason=pnl.reason)
    between = [one for one in points if pnl.baseline.at < one.at < pnl.now.at]
    return read_turnover(scope, [pnl.baseline, *between, pnl.now])


def _snapshot_of(account_id: int, snapshots: Iterable[Snapshot]) -> Body | None:
    found = next((one for one in snapshots if one.account_id == account_id), None)
    return of_snapshot(found) if found else None


def _source_says(account_id: int, now: Standpoint) -> Body | None:
    """Add up the positions whose cost their source knows."""
    own = {one.pk for one in now.snapshots if one.account_id == account_id}
    known = [
        (held.value, cost)
        for row, held in now.positions
        if row.snapshot_id in own and (cost := cost_of(row, held.value)) is not None
    ]
    if not known:
        return None
    value, cost = (sum(column, ZERO) for column in zip(*known, strict=True))
    return {
        "positions": len(known),
        "value": money(value),
        "cost": money(cost),
        "unrealized": money(value - cost),
    }


def _amount_at_risk(ratio: float | None, standing: Standing | None) -> str | None:
    if ratio is None or standing is None:
        return None
    return rounded(standing.point.value * Decimal(str(ratio)))


def _drawdown_now(performance: Performance) -> float | None:
    if not performance.returns or any(one.ratio is None for one in performance.returns):
        return None
    ratios = np.array([float(one.ratio or 0) for one in performance.returns])
    return float(underwater(ratios)[-1])


def _shares(parts: Sequence[Allocated], name_of: Callable[[Allocated], str]) -> list[Body]:
    values: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        values[name_of(part)] += part.value
    whole = sum((abs(value) for value in values.values()), ZERO)
    rows = sorted(values.items(), key=lambda item: abs(item[1]), reverse=True)
    return [
        {
            "name": name,
            "value": rounded(value),
            "share": float(abs(value) / whole) if whole else None,
        }
        for name, value in rows
    ]


def _data(scope: Scope, ends: Sequence[CurvePoint]) -> Body:
    """Count what is behind the figures: statuses of the last 30 days, gaps between ends of days."""
    newest = scope.newest_day
    recent = scope.snapshots()
    rows = recent.filter(business_date__gt=newest - A_MONTH) if newest else recent.none()
    counts = rows.order_by("status").values_list("status").annotate(Count("pk"))
    return {
        "snapshots_30_days": dict(counts),
        "ends_of_days": len(ends),
        "gaps": sum(one.value is None for one in ends),
        "carried": sum(one.is_carried for one in ends),
        "backfilled": sum(one.status == Snapshot.Status.BACKFILLED for one in ends),
    }
