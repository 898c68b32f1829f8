"""What is behind the charts of the portfolio page, as JSON and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from snapshots.answers.telling import (
    of_allocated,
    of_curve,
    of_days,
    of_explained,
    of_pnl,
)
from snapshots.api.queries import (
    QUARTERS,
    RANGES,
    ChartQuery,
    CurveQuery,
    PeriodQuery,
    asked,
    scope_of,
)
from snapshots.api.renderers import TableRenderer
from snapshots.api.serializers import (
    CurveSerializer,
    DaysSerializer,
    ExplainedSerializer,
    TableSerializer,
)
from snapshots.performance.periods import Period
from snapshots.selectors.curve import CurvePoint, read_days, read_ends, read_quarters
from snapshots.selectors.measures import performance_of
from snapshots.selectors.pnl import read_pnl
from snapshots.selectors.positions import allocation, explain, read_positions
from snapshots.selectors.scope import Scope
from snapshots.selectors.underwater import underwater_of

CSV = (200, "text/csv")
JSON = (200, "application/json")


class ChartView(APIView):
    """A table behind a chart."""

    renderer_classes = [JSONRenderer, TableRenderer]
    name = ""

    def answer(self, request: Request, body: dict[str, Any]) -> Response:
        response = Response(body)
        if getattr(request, "accepted_renderer", None) and (
            request.accepted_renderer.format == "csv"
        ):
            response["Content-Disposition"] = f'attachment; filename="{self.name}.csv"'
        response["Cache-Control"] = "private, no-cache"
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Answer errors in JSON, also to those who want CSV."""
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = "application/json"
        return super().handle_exception(exc)


class CurveView(ChartView):
    name = "equity"

    @extend_schema(
        summary="Read the equity curve, with its gaps",
        parameters=[CurveQuery],
        responses={JSON: CurveSerializer, CSV: OpenApiTypes.STR},
        operation_id="portfolio_curve",
    )
    def get(self, request: Request) -> Response:
        values = asked(request, CurveQuery)
        scope = scope_of(request, values)
        points = read_range(scope, values["range"])
        body = {
            "currency": scope.currency,
            "columns": of_curve(points),
            "drawdown": underwater_of(scope, points),
        }
        return self.answer(request, body)


class DaysView(ChartView):
    name = "days"

    @extend_schema(
        summary="Read the P&L of each day",
        parameters=[ChartQuery],
        responses={JSON: DaysSerializer, CSV: OpenApiTypes.STR},
        operation_id="portfolio_days",
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request, asked(request, ChartQuery))
        found = performance_of(scope, read_ends(scope))
        body = {
            "currency": scope.currency,
            "label": "P&L" if found.flows_known else "Value change",
            "columns": of_days(found.changes),
        }
        return self.answer(request, body)


class AllocationView(ChartView):
    name = "allocation"

    @extend_schema(
        summary="Read the positions of now, the largest first",
        parameters=[ChartQuery],
        responses={JSON: TableSerializer, CSV: OpenApiTypes.STR},
        operation_id="portfolio_allocation",
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request, asked(request, ChartQuery))
        newest = scope.newest_at
        parts = allocation(scope, read_positions(scope, newest)) if newest else []
        names = ("ticker", "name", "kind", "account", "location", "value", "is_carried")
        body = {"currency": scope.currency, "columns": columns(parts, of_allocated, names)}
        return self.answer(request, body)


class ExplainView(ChartView):
    name = "movers"

    @extend_schema(
        summary="Explain the change of a period: price, FX, cross, flow, unexplained; and movers",
        parameters=[PeriodQuery],
        responses={JSON: ExplainedSerializer, CSV: OpenApiTypes.STR},
        operation_id="portfolio_explain",
    )
    def get(self, request: Request) -> Response:
        values = asked(request, PeriodQuery)
        scope = scope_of(request, values)
        found = read_pnl(scope, [Period(values["period"])])
        pnl = found[0] if found else None
        has_baseline = pnl is not None and pnl.baseline is not None
        told = of_explained(explain(scope, pnl.baseline, pnl.now) if pnl and pnl.baseline else None)
        reason = told["reason"] if has_baseline else (pnl.reason if pnl else "No snapshot counts.")
        names = ("ticker", "amount", "price", "fx", "cross", "quantity", "before", "after")
        body = {
            "currency": scope.currency,
            "pnl": of_pnl(pnl) if pnl else None,
            "split": told["split"],
            "reason": reason,
            "columns": {name: [row[name] for row in told["movers"]] for name in names},
        }
        return self.answer(request, body)


def read_range(scope: Scope, name: str) -> list[CurvePoint]:
    """Return the points of a range: quarters of an hour of up to a week, else days and now."""
    newest = scope.newest_day
    if newest is None:
        return []
    length = RANGES[name]
    if name in QUARTERS and length:
        days = 0 if name == "1D" else length.days - 1
        since = date.fromordinal(newest.toordinal() - days)
        found = read_quarters(scope, since=since)
        ends = read_ends(scope, since=date.fromordinal(since.toordinal() - 1))
        return sorted([*found, *ends], key=lambda one: one.at)
    if name == "YTD":
        return read_days(scope, since=date(newest.year - 1, 12, 31))
    return read_days(scope, since=date.fromordinal(newest.toordinal() - length.days)
                     if length else None)  # fmt: skip


def columns(
    rows: list[Any], telling: Callable[[Any], dict[str, Any]], names: tuple[str, ...]
) -> dict[str, list[Any]]:
    told = [telling(row) for row in rows]
    return {name: [row[name] for row in told] for name in names}
