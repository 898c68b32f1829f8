"""P&L of a portfolio, with the baseline that each is counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from snapshots.performance.periods import (
    FROM_ENDS_OF_DAYS,
    Period,
    Pnl,
    Point,
    find_baseline,
    first_day,
    period_pnl,
)
from snapshots.selectors.curve import CurvePoint, last_point, read_ends, read_quarters
from snapshots.selectors.flows import flows_known, read_flows
from snapshots.selectors.scope import Scope

DAY = timedelta(days=1)
BACK = 10 * DAY  # further only if no end of a day was accepted in them


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the portfolio is worth now: the newest point at which all of it is known.

    missing  names of accounts that have nothing newer that counts, if others have
    """

    now: CurvePoint
    point: Point
    ends: Sequence[CurvePoint]
    quarters: Sequence[CurvePoint]
    missing: tuple[str, ...] = ()


def read_standing(scope: Scope, *, since: date | None = None) -> Standing | None:
    """Return the newest value, with the ends of days since `since` and the quarters of its day.

    None if all of it was never known at once.
    """
    newest = scope.newest_day
    if newest is None:
        return None
    quarters = read_quarters(scope, since=newest)
    ends = read_ends(scope, since=min(since, newest - BACK) if since else newest - BACK)
    now = last_point([*ends, *quarters])
    if now is None or not any(one.value is not None for one in ends if one is not now):
        ends = read_ends(scope)
        now = last_point([*ends, *quarters])
    if now is None or (point := now.point) is None:
        return None
    last = max([*ends, *quarters], key=lambda one: one.at)
    return Standing(
        now=now, point=point, ends=ends, quarters=quarters,
        missing=last.missing if last.at > now.at else (),
    )  # fmt: skip


def read_pnl(scope: Scope, periods: Sequence[Period]) -> list[Pnl]:
    """Return the P&L of each period up to the newest value; empty if there is none."""
    newest = scope.newest_day
    if newest is None:
        return []
    since = _needed_since(periods, newest)
    found = _read_pnl(scope, periods, since)
    if since > date.min and any(_may_be_older(one) for one in found):
        found = _read_pnl(scope, periods, date.min)
    return found


def _read_pnl(scope: Scope, periods: Sequence[Period], since: date) -> list[Pnl]:
    standing = read_standing(scope, since=since)
    return [] if standing is None else pnl_of(scope, standing, periods)


def pnl_of(scope: Scope, standing: Standing, periods: Sequence[Period]) -> list[Pnl]:
    """Return the P&L of each period; `standing` must reach back to their baselines."""
    ends = [point for one in standing.ends if (point := one.point)]
    quarters = [point for one in standing.quarters if (point := one.point)]
    now = standing.point
    found = {period: find_baseline(period, now, ends=ends, quarters=quarters) for period in periods}
    oldest = min((one.earliest for one in found.values() if one), default=now.at)
    flows = read_flows(scope, oldest, now.at)
    return [
        period_pnl(
            period,
            now,
            baseline,
            ends=ends,
            flows=flows,
            flows_known=baseline is None or flows_known(scope, baseline, now),
        )
        for period, baseline in found.items()
    ]


def _may_be_older(pnl: Pnl) -> bool:
    """Say whether its baseline may lie further back: for days nothing was accepted."""
    return pnl.baseline is None and pnl.period in FROM_ENDS_OF_DAYS


def _needed_since(periods: Sequence[Period], newest: date) -> date:
    """Return the first day to read, so that the baseline before it is found, too."""
    if Period.INCEPTION in periods:
        return date.min
    starts = [first_day(one, newest) for one in periods if one in FROM_ENDS_OF_DAYS]
    return min(starts, default=newest) - BACK
