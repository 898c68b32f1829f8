"""Tasks: what a job can run."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.api.serializers.task import TaskSerializer
from scheduling.exceptions import UnknownTask
from scheduling.registry import registry


@extend_schema_view(
    list=extend_schema(summary="List the tasks"),
    retrieve=extend_schema(summary="Read a task, with the JSON Schema of its parameters"),
)
class TaskViewSet(viewsets.GenericViewSet):  # type: ignore[type-arg]  # tasks are no rows
    """What the installed apps register."""

    serializer_class = TaskSerializer
    filter_backends = ()

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(list(registry)) or []
        return self.get_paginated_response(TaskSerializer(page, many=True).data)

    def retrieve(self, request: Request, name: str) -> Response:
        try:
            return Response(TaskSerializer(registry.get(name)).data)
        except UnknownTask as exc:
            raise NotFound(str(exc)) from exc
