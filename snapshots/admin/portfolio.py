"""The portfolio page: what all accounts of a user are worth together, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from scheduling.pages.times import Moment, length
from snapshots.admin.members import lines_of, obstacles_of
from snapshots.figures import readable
from snapshots.models import Portfolio
from snapshots.performance.measures import Measure
from snapshots.performance.periods import Period, Pnl, Point
from snapshots.selectors.measures import Performance, Standings, performance_of, read_standings
from snapshots.selectors.pnl import Standing, pnl_of, read_standing
from snapshots.selectors.scope import NoPortfolio, Scope, find_scope

PERIODS = {
    Period.TODAY: "Today",
    Period.SESSION: "Session",
    Period.INTERVAL: "Last interval",
    Period.WEEK: "Week to date",
    Period.MONTH: "Month to date",
    Period.YEAR: "Year to date",
    Period.INCEPTION: "Since inception",
}
GROUPINGS = (
    ("ticker", "Ticker"), ("account", "Account"), ("location", "Place"), ("kind", "Kind")
)  # fmt: skip
RANGES = ("1D", "1W", "1M", "3M", "YTD", "1Y", "Max")
PERCENT = {
    "total": "Total return", "annualised": "Annualised return", "volatility": "Volatility",
    "hit_rate": "Hit rate", "value_at_risk": "Value at risk, 95 %, one day",
    "conditional_value_at_risk": "Conditional value at risk",
}  # fmt: skip
NUMBERS = {"sharpe": "Sharpe ratio", "sortino": "Sortino ratio", "calmar": "Calmar ratio"}
CHARTS = ("curve", "days", "allocation", "explain")


@dataclass(frozen=True, slots=True)
class Line:
    """P&L of a period, as the page shows it."""

    name: str
    label: str
    amount: str
    ratio: str
    tone: str
    baseline: str
    age: str
    flow: str
    reason: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure, as the page shows it: its value, or why there is none."""

    name: str
    value: str
    note: str


@admin.register(Portfolio)
class PortfolioAdmin(ModelAdmin):
    """One page in place of the list; what is edited is the reporting currency."""

    fields = ("owner", "reporting_currency")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not request.user.has_perm("snapshots.view_snapshot"):
            raise PermissionDenied
        scope = _scope(request)
        context = {
            **self.admin_site.each_context(request),
            **page(scope, timezone.now()),
            "title": "Portfolio",
            "people": _people(scope),
            "currency_url": _currency_url(scope) if self.has_change_permission(request) else "",
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/snapshots/portfolio.html", context)


def page(scope: Scope, now: datetime) -> dict[str, Any]:
    """Return all that the page shows before its charts have asked for theirs."""
    standing = read_standing(scope, since=date.min)
    return {
        "scope": scope,
        "zone": str(scope.zone),
        "accounts": lines_of(scope, now),
        "ranges": RANGES,
        "groupings": GROUPINGS,
        "periods": [(one.value, name) for one, name in PERIODS.items()],
        "addresses": {name: _address(scope, name) for name in CHARTS},
        **(_figures(scope, standing, now) if standing else {"obstacles": obstacles_of(scope)}),
    }


def _figures(scope: Scope, standing: Standing, now: datetime) -> dict[str, Any]:
    performance = performance_of(scope, standing.ends)
    standings = read_standings(scope, standing.ends)
    lines = [_line(one, scope, now) for one in pnl_of(scope, standing, list(Period))]
    return {
        "standing": standing,
        "value": readable(standing.point.value),
        "as_of": Moment.of(standing.now.at, str(scope.zone), now),
        "today": lines[0],
        "lines": lines,
        "no_percent": sorted({one.reason for one in lines if one.amount and one.reason}),
        "performance": performance,
        "figures": _measures(performance, standings),
    }


def _scope(request: HttpRequest) -> Scope:
    try:
        return find_scope(request.user, user_id=request.GET.get("user_id", ""))
    except NoPortfolio as exc:
        raise Http404(str(exc)) from exc


def _people(scope: Scope) -> list[tuple[int, str]]:
    """Return who has accounts, and whose page this is."""
    owners = get_user_model()._default_manager.filter(accounts__isnull=False).distinct()
    found = {one.pk: one.get_username() for one in owners.order_by("pk")}
    return [*({scope.owner.pk: scope.owner.get_username()} | found).items()]


def _currency_url(scope: Scope) -> str:
    """Return where the reporting currency is chosen."""
    kept = Portfolio.objects.filter(owner_id=scope.owner.pk).first()
    if kept:
        return reverse("admin:snapshots_portfolio_change", args=[kept.pk])
    return f"{reverse('admin:snapshots_portfolio_add')}?owner={scope.owner.pk}"


def _address(scope: Scope, name: str) -> str:
    query = urlencode({"user_id": scope.owner.pk, "currency": scope.currency})
    return f"{reverse(f'snapshots_api:{name}')}?{query}"


def _line(pnl: Pnl, scope: Scope, now: datetime) -> Line:
    baseline = pnl.baseline
    moment = Moment.of(baseline.at, str(scope.zone), now) if baseline else None
    return Line(
        name=PERIODS[pnl.period],
        label=pnl.label,
        amount="" if pnl.amount is None else readable(pnl.amount, "+"),
        ratio="" if pnl.ratio is None else f"{100 * pnl.ratio:+,.2f} %",
        tone=_tone(pnl.amount),
        baseline=_since(baseline, moment) if baseline and moment else "",
        age=length(pnl.now.at - baseline.at) if baseline else "",
        flow=readable(pnl.flow, "+") if pnl.flow else "",
        reason=pnl.reason,
    )


def _since(baseline: Point, moment: Moment) -> str:
    return f"since {moment.text}{' (backfilled)' if baseline.is_backfilled else ''}"


def _measures(performance: Performance, standings: Standings) -> list[Figure]:
    standing = [
        _percent("Exposure", standings.exposure),
        _number("Concentration (HHI)", standings.concentration),
    ]
    if performance.reason:
        return standing  # the page gives the reason once
    found = performance.measures
    figures = [_percent(name, getattr(found, key)) for key, name in PERCENT.items()]
    figures += [_number(name, getattr(found, key)) for key, name in NUMBERS.items()]
    return [
        *figures[:2],
        _percent("Money-weighted return (XIRR)", performance.money_weighted),
        *figures[2:],
        _drawdown(performance),
        *_days(performance),
        *standing,
    ]


def _drawdown(performance: Performance) -> Figure:
    fall = performance.measures.drawdown
    if fall is None:
        return Figure("Deepest drawdown", "", performance.measures.drawdown_reason)
    back = f"back on {fall.recovered_on}" if fall.recovered_on else "not back yet"
    words = f"from {fall.peaked_on} to {fall.bottomed_on}, {back}"
    return Figure("Deepest drawdown", f"{100 * fall.depth:.2f} %", words)


def _days(performance: Performance) -> Sequence[Figure]:
    best, worst = performance.measures.best, performance.measures.worst
    return [
        Figure(name, f"{100 * one.value:+.2f} %", str(one.day))
        if one
        else Figure(name, "", "No day yet.")
        for name, one in (("Best day", best), ("Worst day", worst))
    ]


def _percent(name: str, measure: Measure) -> Figure:
    value = "" if measure.value is None else f"{100 * measure.value:,.2f} %"
    return Figure(name, value, measure.reason or measure.note)


def _number(name: str, measure: Measure) -> Figure:
    value = "" if measure.value is None else f"{measure.value:,.2f}"
    return Figure(name, value, measure.reason or measure.note)


def _tone(value: Decimal | None) -> str:
    return "quiet" if not value else "good" if value > 0 else "bad"
