"""Does the scheduler work?"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from scheduling.api.serializers.health import HealthSerializer
from scheduling.health import scheduler_health
from scheduling.models import Job


class SchedulerHealthView(APIView):
    """The scheduler, with the last and next run of each of your jobs."""

    @extend_schema(
        summary="Is the scheduler well?",
        description="503 where a scheduler is meant to run and does not tick; 200 otherwise, "
        "also where none is meant to run.",
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> Response:
        health = scheduler_health(Job.objects.visible_to(request.user))
        is_down = health["enabled"] and not health["ok"]
        code = status.HTTP_503_SERVICE_UNAVAILABLE if is_down else status.HTTP_200_OK
        return Response(health, status=code)
