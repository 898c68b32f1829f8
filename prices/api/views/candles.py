"""Candles of one instrument."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from prices.api.renderers import CsvRenderer
from prices.api.serializers.candles import CandlesQuery, CandlesSerializer, as_json
from prices.gaps import Window, find_gaps
from prices.points import TooManyCandles, read_points
from prices.sessions import sessions_of

SHORTER = "Begin later, or ask for longer candles."


class CandlesView(APIView):
    """Exact, and with the gaps of what was never asked for."""

    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="Read candles in columns, as JSON or CSV",
        description="Raw as the venue gave them, or `adjusted`. Where there are more candles than "
        "`points`, each point stands for a stretch of several intervals: its first open, highest "
        "high, lowest low, last close, and volumes added up.",
        parameters=[CandlesQuery],
        responses={
            (200, "application/json"): CandlesSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> Response:
        query = CandlesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        since, until = wanted["from"], wanted["to"]
        try:
            points = read_points(
                query.series,
                since,
                until,
                most=wanted["points"],
                is_adjusted=wanted["adjusted"],
            )
        except TooManyCandles as exc:
            raise serializers.ValidationError({"from": [f"{exc} {SHORTER}"]}) from exc
        response = Response(as_json(query.series, wanted, points, self._gaps(query)))
        if request.accepted_renderer.format == "csv":
            name = f"{query.series.instrument.pk}-{query.series.interval}.csv"
            response["Content-Disposition"] = f'attachment; filename="candles-{name}"'
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """Answer errors in JSON, also to those who want CSV."""
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = "application/json"
        return super().handle_exception(exc)

    def _gaps(self, query: CandlesQuery) -> list[Window]:
        series, wanted = query.series, query.validated_data
        over = sessions_of(series.instrument).over_until(series.interval, timezone.now())
        until = min(wanted["to"], over)
        return find_gaps(series, wanted["from"], until) if wanted["from"] < until else []
