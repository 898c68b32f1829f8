"""What the runs of the last days add up to."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scheduling.api.serializers.statistics import StatisticsQuery, StatisticsSerializer, as_json
from scheduling.models import Job
from scheduling.statistics import read_statistics

WHAT_COUNTS = (
    "Each run that has ended counts once, with its last attempt, on the day (UTC) of its "
    "`scheduled_at`, also after it was deleted. An open one counts when it has ended."
)


class StatisticsView(APIView):
    """Your runs; staff see all."""

    @extend_schema(
        summary="Add up the runs of the last days",
        description=WHAT_COUNTS,
        operation_id="statistics_retrieve",
        parameters=[StatisticsQuery],
        responses=StatisticsSerializer,
    )
    def get(self, request: Request) -> Response:
        return answer(request)


class StatisticsOfJobView(APIView):
    """Your runs of one job; staff see all."""

    @extend_schema(
        summary="Add up the runs of a job of the last days",
        description=WHAT_COUNTS,
        operation_id="jobs_statistics_retrieve",
        parameters=[StatisticsQuery],
        responses=StatisticsSerializer,
    )
    def get(self, request: Request, key: str) -> Response:
        return answer(request, get_object_or_404(Job.objects.visible_to(request.user), key=key))


def answer(request: Request, job: Job | None = None) -> Response:
    query = StatisticsQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    days: Any = query.validated_data["days"]
    return Response(as_json(read_statistics(request.user, now=timezone.now(), days=days, job=job)))
