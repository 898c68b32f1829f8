"""Instruments: what venues list."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from prices.api.filters import InstrumentFilters
from prices.api.serializers.instrument import InstrumentDetailSerializer, InstrumentSerializer
from prices.freshness import read_freshness
from prices.models import Instrument, Interval


@extend_schema_view(
    list=extend_schema(summary="List instruments"),
    retrieve=extend_schema(summary="Read an instrument", responses=InstrumentDetailSerializer),
)
class InstrumentViewSet(viewsets.GenericViewSet[Instrument]):
    """Everybody who is logged in sees all of them."""

    queryset = Instrument.objects.none()
    serializer_class = InstrumentSerializer
    filterset_class = InstrumentFilters

    def get_queryset(self) -> QuerySet[Instrument]:
        return Instrument.objects.order_by("venue", "symbol", "id")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        answer = InstrumentSerializer(page, many=True, context=_with_freshness(page))
        return self.get_paginated_response(answer.data)

    def retrieve(self, request: Request, number: int) -> Response:
        instrument = get_object_or_404(Instrument, pk=number)
        answer = InstrumentDetailSerializer(instrument, context=_with_freshness([instrument]))
        return Response(answer.data)


def _with_freshness(instruments: Any) -> dict[str, Any]:
    rows = Instrument.objects.filter(pk__in=[instrument.pk for instrument in instruments])
    return {"freshness": read_freshness(rows, Interval.values, now=timezone.now())}
