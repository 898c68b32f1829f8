"""Portfolios as JSON values, for endpoints and pages: decimals as texts, instants with a Z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from snapshots.figures import plain
from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.performance.drawdown import Drawdown
from snapshots.performance.measures import DayFigure, Measure, Measures
from snapshots.performance.periods import Pnl, Point
from snapshots.performance.returns import DayReturn
from snapshots.performance.split import Moved, Split
from snapshots.selectors.curve import CurvePoint
from snapshots.selectors.positions import Allocated, Explained

PLACES = Decimal("0.00000001")  # of what was divided or multiplied; sums of money are exact


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def money(value: Decimal | None) -> str | None:
    return None if value is None else plain(value, 2)


def exact(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def rounded(value: Decimal | None) -> str | None:
    return None if value is None else plain(value.quantize(PLACES), 2)


def of_point(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "at": instant(point.at),
        "business_date": point.business_date.isoformat(),
        "value": money(point.value),
        "is_carried": not point.is_accepted,
        "is_backfilled": point.is_backfilled,
    }


def of_pnl(pnl: Pnl) -> dict[str, Any]:
    return {
        "period": pnl.period.value,
        "label": pnl.label,
        "amount": rounded(pnl.amount),
        "ratio": None if pnl.ratio is None else float(pnl.ratio),
        "flow": rounded(pnl.flow),
        "flows_known": pnl.flows_known,
        "baseline": of_point(pnl.baseline),
        "now": of_point(pnl.now),
        "reason": pnl.reason,
    }


def of_curve(points: Sequence[CurvePoint]) -> dict[str, list[Any]]:
    """Return columns; a gap has no value, and names what is missing."""
    return {
        "at": [instant(one.at) for one in points],
        "business_date": [one.business_date.isoformat() for one in points],
        "value": [money(one.value) for one in points],
        "is_carried": [one.is_carried for one in points],
        "status": [None if one.value is None else str(one.status) for one in points],
        "missing": [list(one.missing) for one in points],
    }


def of_days(changes: Sequence[DayReturn]) -> dict[str, list[Any]]:
    return {
        "day": [one.day.isoformat() for one in changes],
        "days": [one.days for one in changes],
        "amount": [rounded(one.gain) for one in changes],
        "ratio": [None if one.ratio is None else float(one.ratio) for one in changes],
    }


def of_measure(measure: Measure) -> dict[str, Any]:
    return asdict(measure)


def of_measures(measures: Measures) -> dict[str, Any]:
    found = {
        name: of_measure(value)
        for name in Measures.__dataclass_fields__
        if isinstance(value := getattr(measures, name), Measure)
    }
    return {
        "days": measures.days,
        "days_a_year": measures.days_a_year,
        **found,
        "drawdown": of_drawdown(measures.drawdown),
        "drawdown_reason": measures.drawdown_reason,
        "best": of_day(measures.best),
        "worst": of_day(measures.worst),
    }


def of_drawdown(fall: Drawdown | None) -> dict[str, Any] | None:
    if fall is None:
        return None
    return {
        "depth": fall.depth,
        "peaked_on": fall.peaked_on.isoformat(),
        "bottomed_on": fall.bottomed_on.isoformat(),
        "recovered_on": fall.recovered_on.isoformat() if fall.recovered_on else None,
    }


def of_day(figure: DayFigure | None) -> dict[str, Any] | None:
    return None if figure is None else {"day": figure.day.isoformat(), "ratio": figure.value}


def of_split(split: Split) -> dict[str, Any]:
    """Return the parts, which add up to the total also when they are rounded."""
    parts = {
        name: getattr(split, name).quantize(PLACES) for name in ("price", "fx", "cross", "flow")
    }
    total = split.total.quantize(PLACES)
    whole = parts | {"unexplained": total - sum(parts.values()), "total": total}
    return {name: rounded(value) for name, value in whole.items()}


def of_mover(moved: Moved) -> dict[str, Any]:
    return {
        "ticker": moved.key,
        "amount": rounded(moved.effect),
        "price": rounded(moved.price),
        "fx": rounded(moved.fx),
        "cross": rounded(moved.cross),
        "quantity": rounded(moved.quantity),
        "before": rounded(moved.before),
        "after": rounded(moved.after),
    }


def of_explained(explained: Explained | None) -> dict[str, Any]:
    if explained is None:
        reason = (
            "Positions are kept of the last 7 days and of ends of days that were taken, not "
            "backfilled; here some are missing."
        )
        return {"split": None, "movers": [], "reason": reason}
    return {
        "split": of_split(explained.split),
        "movers": [of_mover(one) for one in explained.movers],
        "reason": "",
    }


def of_account(account: Account) -> dict[str, Any]:
    return {
        "id": account.pk,
        "name": account.name,
        "source": account.source,
        "currency": account.currency,
        "timezone": account.timezone,
        "wants_intraday": account.wants_intraday,
        "wants_eod": account.wants_eod,
        "flows_known_since": instant(account.flows_known_since),
        "flows_known_until": instant(account.flows_known_until),
    }


def of_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.pk,
        "account": snapshot.account_id,
        "kind": snapshot.kind,
        "slot_at": instant(snapshot.slot_at),
        "business_date": snapshot.business_date.isoformat(),
        "as_of": instant(snapshot.as_of),
        "status": snapshot.status,
        "is_counted": snapshot.is_counted,
        "quality": exact(snapshot.quality),
        "reasons": snapshot.reasons,
        "currency": snapshot.currency,
        "total_value": money(snapshot.total_value),
        "total_usd": money(snapshot.total_usd),
        "fx_rate": exact(snapshot.fx_rate),
        "fx_at": instant(snapshot.fx_at),
        "fx_source": snapshot.fx_source,
        "reporting_currency": snapshot.reporting_currency,
        "total_reporting": money(snapshot.total_reporting),
        "reporting_rate": exact(snapshot.reporting_rate),
        "reporting_at": instant(snapshot.reporting_at),
        "reporting_source": snapshot.reporting_source,
        "min_usd": exact(snapshot.min_usd),
        "positions": snapshot.position_count,
        "dust_count": snapshot.dust_count,
        "dust_value_usd": money(snapshot.dust_value_usd),
        "run_id": snapshot.run_id,
    }


def of_position(position: SnapshotPosition, value: Decimal) -> dict[str, Any]:
    """Return a position; `value` is that in the currency of the portfolio."""
    cost = cost_of(position, value)
    return {
        "snapshot": position.snapshot_id,
        "ticker": position.ticker,
        "name": position.name,
        "kind": position.kind,
        "location": position.location,
        "amount": plain(position.amount),
        "price": exact(position.price),
        "value": rounded(value),
        "value_usd": money(position.value_usd),
        "cost": money(cost),
        "unrealized": None if cost is None else money(value - cost),
        "is_carried": position.is_carried,
    }


def cost_of(position: SnapshotPosition, value: Decimal) -> Decimal | None:
    """Return what its source says it cost, at the rate that made `value`; None = it does not."""
    if position.cost is None or not position.value:
        return None
    cost: Decimal = position.cost * value / position.value
    return cost


def of_allocated(part: Allocated) -> dict[str, Any]:
    return {
        "ticker": part.ticker,
        "name": part.name,
        "kind": part.kind,
        "account": part.account,
        "location": part.location,
        "value": rounded(part.value),
        "is_carried": part.is_carried,
    }
