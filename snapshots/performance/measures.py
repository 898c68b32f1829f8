"""What a portfolio risked for what it earned, from the returns of its days.

Conventions, for all: a return is one day's, flows taken out (see `returns`). A day after a gap is
in the total, and in nothing that asks how days differ. 365 days a year; 252 where no weekend ever
moved, and then weekends are left out. The rate without risk is 0. With fewer than 30 days there
is no figure but the total, the drawdown, best and worst; a figure of a year from less than 90
calendar days is marked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from snapshots.performance.drawdown import Drawdown, deepest, underwater
from snapshots.performance.returns import NO_RATIO, DayReturn, annualised, chained

Floats = NDArray[np.float64]
FEWEST = 30  # days, for whatever asks how they differ
FEW_FOR_A_YEAR = 90  # calendar days: a yearly rate of less is marked
CUTOFF = 0.05  # the worst twentieth
SATURDAY = 5
ALL_DAYS, TRADING_DAYS = 365, 252
FIRST_DAY = "Two ends of days are needed."
NEVER_FELL = "It never fell."
NEVER_DIFFER = "The returns never differ."
MOST_YEARLY = Decimal(10**6)  # such a rate is an accident of few days
STILL = 1e-15  # a deviation of less is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure, or the reason why there is none; `note` says what to mind about it."""

    value: float | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigure:
    """A return, and the day that returned it."""

    day: date
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """All of them; ratios, 0.01 = 1 %.

    days          returns that they are from
    days_a_year   365 or 252
    volatility    sample deviation of the returns, times the root of days_a_year
    sharpe        mean / deviation, times the same root
    sortino       mean · days_a_year / downside deviation (root of the mean square of the losses
                  over all days, times the same root)
    calmar        annualised return / depth of the deepest drawdown
    hit_rate      days that gained, of those that gained or lost
    value_at_risk    the 5 % quantile of the returns, interpolated: a loss is negative
    conditional_value_at_risk    mean of the worst 5 % of the days, at least one
    """

    days: int
    days_a_year: int
    total: Measure
    annualised: Measure
    volatility: Measure
    sharpe: Measure
    sortino: Measure
    calmar: Measure
    hit_rate: Measure
    value_at_risk: Measure
    conditional_value_at_risk: Measure
    drawdown: Drawdown | None
    drawdown_reason: str
    best: DayFigure | None
    worst: DayFigure | None


def measure(returns: Sequence[DayReturn], *, started_on: date | None) -> Measures:
    """Return the measures of `returns`, oldest first.

    started_on  the day of the value that the first return is from; None = no return
    """
    days_a_year = days_a_year_of(returns)
    daily = [one for one in _counted(returns, days_a_year) if one.ratio is not None]
    ratios = np.array([float(one.ratio or 0) for one in daily])
    total = _total(returns)
    note = _note(returns, started_on)
    yearly = _annualised(returns, started_on, note)
    fall = _drawdown(returns, started_on)
    why_none = total.reason or ("" if fall else NEVER_FELL)
    return Measures(
        days=len(daily),
        days_a_year=days_a_year,
        total=total,
        annualised=yearly,
        volatility=_of_many(ratios, lambda: volatility(ratios, days_a_year), note=note),
        sharpe=_of_many(ratios, lambda: sharpe(ratios, days_a_year), NEVER_DIFFER, note),
        sortino=_of_many(ratios, lambda: sortino(ratios, days_a_year), "No day lost.", note),
        calmar=_of_many(
            ratios, lambda: calmar(yearly.value, fall), why_none or yearly.reason, note
        ),
        hit_rate=_of_many(ratios, lambda: hit_rate(ratios), "No day gained or lost."),
        value_at_risk=_of_many(ratios, lambda: value_at_risk(ratios)),
        conditional_value_at_risk=_of_many(ratios, lambda: conditional_value_at_risk(ratios)),
        drawdown=fall,
        drawdown_reason=why_none,
        best=_extreme(daily, ratios, np.argmax),
        worst=_extreme(daily, ratios, np.argmin),
    )


def days_a_year_of(returns: Sequence[DayReturn]) -> int:
    """Return 252 if weekends are there and never moved, or are not there at all; else 365."""
    weekends = [one for one in returns if one.day.weekday() >= SATURDAY]
    return ALL_DAYS if any(one.ratio for one in weekends) else TRADING_DAYS


def volatility(ratios: Floats, days_a_year: int) -> float:
    return float(np.std(ratios, ddof=1)) * math.sqrt(days_a_year)


def sharpe(ratios: Floats, days_a_year: int) -> float | None:
    deviation = float(np.std(ratios, ddof=1))
    if deviation < STILL:
        return None
    return float(np.mean(ratios)) / deviation * math.sqrt(days_a_year)


def sortino(ratios: Floats, days_a_year: int) -> float | None:
    downside = math.sqrt(float(np.mean(np.minimum(ratios, 0.0) ** 2)))
    if downside < STILL:
        return None
    return float(np.mean(ratios)) * math.sqrt(days_a_year) / downside


def calmar(yearly: float | None, fall: Drawdown | None) -> float | None:
    return None if yearly is None or fall is None else yearly / -fall.depth


def hit_rate(ratios: Floats) -> float | None:
    moved = np.count_nonzero(ratios)
    return float(np.count_nonzero(ratios > 0) / moved) if moved else None


def value_at_risk(ratios: Floats) -> float:
    return float(np.quantile(ratios, CUTOFF))


def conditional_value_at_risk(ratios: Floats) -> float:
    worst = int((len(ratios) - 1) * CUTOFF) + 1
    return float(np.mean(np.partition(ratios, worst - 1)[:worst]))


def _counted(returns: Sequence[DayReturn], days_a_year: int) -> list[DayReturn]:
    """Leave out what covers more than one day, and days with nothing that could earn.

    Of markets that rest, also the weekends.
    """
    rows = [one for one in returns if not one.is_empty]
    if days_a_year == ALL_DAYS:
        return [one for one in rows if one.days == 1]
    return [one for one in rows if one.day.weekday() < SATURDAY and _is_one_step(one)]


def _is_one_step(one: DayReturn) -> bool:
    before = one.day - timedelta(days=one.days)
    rest = (before + timedelta(days=n) for n in range(1, one.days))
    return all(day.weekday() >= SATURDAY for day in rest)


def _total(returns: Sequence[DayReturn]) -> Measure:
    total = chained(one.ratio for one in returns)
    if total is not None:
        return Measure(value=float(total))
    return Measure(reason=NO_RATIO if returns else FIRST_DAY)


def _note(returns: Sequence[DayReturn], started_on: date | None) -> str:
    """Return what to mind about all figures of a year."""
    days = (returns[-1].day - started_on).days if returns and started_on else 0
    return f"From {days} days only: it says little of a year." if days < FEW_FOR_A_YEAR else ""


def _annualised(returns: Sequence[DayReturn], started_on: date | None, note: str) -> Measure:
    total = chained(one.ratio for one in returns)
    if total is None or started_on is None:
        return Measure(reason=_total(returns).reason or FIRST_DAY)
    days = (returns[-1].day - started_on).days
    yearly = annualised(Decimal(total), days)
    if yearly is None:
        return Measure(reason="All of it was lost.")
    if yearly > MOST_YEARLY:
        return Measure(reason=f"From {days} days it is too large to say anything.")
    return Measure(value=float(yearly), note=note)


def _of_many(
    ratios: Floats, figure: Callable[[], float | None], reason: str = "", note: str = ""
) -> Measure:
    if len(ratios) < FEWEST:
        return Measure(reason=f"{len(ratios)} daily returns, {FEWEST} are needed.")
    value = figure()
    return Measure(reason=reason) if value is None else Measure(value=value, note=note)


def _drawdown(returns: Sequence[DayReturn], started_on: date | None) -> Drawdown | None:
    if started_on is None or any(one.ratio is None for one in returns):
        return None
    ratios = np.array([float(one.ratio or 0) for one in returns])
    return deepest([started_on, *(one.day for one in returns)], underwater(ratios))


def _extreme(
    daily: Sequence[DayReturn], ratios: Floats, which: Callable[[Floats], np.intp]
) -> DayFigure | None:
    if not daily:
        return None
    place = int(which(ratios))
    return DayFigure(day=daily[place].day, value=float(ratios[place]))
