"""Venues, as they are now."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from prices.api.serializers.exchanges import ExchangeSerializer, ExchangesQuery
from prices.models import Instrument
from prices.venue_states import read_venue_states
from scheduling.rest.filters import PAGING


class ExchangesView(GenericAPIView[Instrument]):
    """Everybody who is logged in sees all of them."""

    queryset = Instrument.objects.none()
    filter_backends = ()

    @extend_schema(
        summary="List venues with their budgets",
        operation_id="exchanges_list",
        parameters=[ExchangesQuery],
        responses=ExchangeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params.copy()
        for name in PAGING:
            asked.pop(name, None)
        query = ExchangesQuery(data=asked)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        venues = [
            venue
            for venue in read_venue_states(timezone.now())
            if wanted.get("name", venue.name) == venue.name
            and wanted.get("state", venue.state) == venue.state
        ]
        page = self.paginate_queryset(venues)
        return self.get_paginated_response(ExchangeSerializer(page, many=True).data)
