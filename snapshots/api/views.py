"""What a portfolio has, was worth and earned."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from snapshots.answers import summaries
from snapshots.answers.telling import of_pnl
from snapshots.api.cached import answer
from snapshots.api.queries import MetricsQuery, PnlQuery, ScopeQuery, asked, scope_of
from snapshots.api.serializers import (
    BalancesSerializer,
    MetricsSerializer,
    PnlSerializer,
    RiskSerializer,
)
from snapshots.performance.periods import Period
from snapshots.selectors.pnl import read_pnl


class BalancesView(APIView):
    """The newest snapshot that counts of each account."""

    @extend_schema(
        summary="Read what the accounts have now",
        parameters=[ScopeQuery],
        responses=BalancesSerializer,
        operation_id="balances_current",
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request, asked(request))
        return answer(request, "balances", scope, summaries.balances)


class MetricsView(APIView):
    """P&L of all periods, each with its baseline, and measures of one, or of the whole past."""

    @extend_schema(
        summary="Read P&L and measures",
        parameters=[MetricsQuery],
        responses=MetricsSerializer,
        operation_id="portfolio_metrics",
    )
    def get(self, request: Request) -> Response:
        values = asked(request, MetricsQuery)
        name = values.get("period", "")
        build = partial(summaries.metrics, period=Period(name) if name else None)
        return answer(request, f"metrics-{name}", scope_of(request, values), build)


class RiskView(APIView):
    """What could be lost, where it lies, and how far the data can be trusted."""

    @extend_schema(
        summary="Read the risk dashboard",
        parameters=[ScopeQuery],
        responses=RiskSerializer,
        operation_id="risk_dashboard",
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request, asked(request))
        return answer(request, "risk", scope, summaries.risk)


class PnlView(APIView):
    """Fresh at each call."""

    @extend_schema(
        summary="Read P&L of a period, or of each",
        parameters=[PnlQuery],
        responses=PnlSerializer(many=True),
        operation_id="pnl",
    )
    def get(self, request: Request) -> Response:
        values: dict[str, Any] = asked(request, PnlQuery)
        periods = [Period(values["period"])] if "period" in values else list(Period)
        found = read_pnl(scope_of(request, values), periods)
        return Response([of_pnl(one) for one in found])
