"""Runs: what happened, and what shall not happen after all."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.api.authentication import user_of
from scheduling.api.errors import Conflict
from scheduling.api.filters import LineFilters, RunFilters, RunsOfJobFilters
from scheduling.api.links import address
from scheduling.api.schema import CONFLICT
from scheduling.api.serializers.run import (
    ArtifactSerializer,
    LogLineSerializer,
    RunDetailSerializer,
    RunSerializer,
)
from scheduling.models import Artifact, Job, LogLine, Run
from scheduling.models.run import RunQuerySet
from scheduling.rest.filters import Filters

UNSAFE_IN_HEADERS = dict.fromkeys((*range(32), 127), "_")


@extend_schema_view(
    list=extend_schema(summary="List runs, the newest first"),
    retrieve=extend_schema(summary="Read a run", responses=RunDetailSerializer),
    destroy=extend_schema(
        summary="Cancel a pending run",
        responses={200: RunDetailSerializer, 409: CONFLICT},
    ),
)
class RunViewSet(viewsets.GenericViewSet[Run]):
    """Your runs; staff see all."""

    queryset = Run.objects.none()
    serializer_class = RunSerializer
    filterset_class = RunFilters

    def get_queryset(self) -> RunQuerySet:
        return Run.objects.visible_to(self.request.user).select_related("requested_by")

    def list(self, request: Request) -> Response:
        runs = self.get_queryset().defer("traceback", "errors")
        page = self.paginate_queryset(self.filter_queryset(runs))
        return self.get_paginated_response(RunSerializer(page, many=True).data)

    def retrieve(self, request: Request, run_id: int) -> Response:
        return Response(RunDetailSerializer(self._run(run_id)).data)

    def destroy(self, request: Request, run_id: int) -> Response:
        run = self._run(run_id)
        with transaction.atomic():  # no worker may start it between the look and the cancel
            held = Run.objects.select_for_update().get(pk=run.pk)
            if held.status == Run.Status.RUNNING:
                cancel = address(request, "cancel", run.pk)
                message = f"The run is running. POST to {cancel} to ask it to stop."
                raise Conflict(message, "not_cancellable")
            run.cancel(by=user_of(request))
        return Response(RunDetailSerializer(run).data)

    @extend_schema(
        summary="Cancel a pending run, or ask a running one to stop",
        request=None,
        responses={202: RunDetailSerializer, 409: CONFLICT},
    )
    def cancel(self, request: Request, run_id: int) -> Response:
        run = self._run(run_id)
        run.cancel(by=user_of(request))
        return Response(RunDetailSerializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Request another run for the same instant, with the same parameters",
        request=None,
        responses={202: RunSerializer, 409: CONFLICT},
    )
    def run_again(self, request: Request, run_id: int) -> Response:
        run = self._run_of_own_job(run_id)
        return self._requested(run.run_again(by=user_of(request), origin=Run.Origin.API))

    @extend_schema(
        summary="Request another run for the same instant, of the items that failed",
        request=None,
        responses={202: RunSerializer, 409: CONFLICT},
    )
    def retry_failed(self, request: Request, run_id: int) -> Response:
        run = self._run_of_own_job(run_id)
        return self._requested(run.retry_failed(by=user_of(request), origin=Run.Origin.API))

    def _requested(self, again: Run) -> Response:
        return Response(
            RunSerializer(again).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Location": address(self.request, "run", again.pk)},
        )

    def _run_of_own_job(self, run_id: int) -> Run:
        run, jobs = self._run(run_id), Job.objects.visible_to(self.request.user)
        if run.job_id and not jobs.filter(pk=run.job_id).exists():
            raise PermissionDenied("The job of this run is not yours any more.")
        return run

    def _run(self, run_id: int) -> Run:
        runs = self.get_queryset().select_related("job", "owner", "worker")
        return get_object_or_404(runs, pk=run_id)


@extend_schema_view(list=extend_schema(summary="List the runs of a job, the newest first"))
class RunsOfJobViewSet(RunViewSet):
    """The runs of one job."""

    filterset_class = RunsOfJobFilters

    def get_queryset(self) -> RunQuerySet:
        jobs = Job.objects.visible_to(self.request.user)
        return super().get_queryset().filter(job=get_object_or_404(jobs, key=self.kwargs["key"]))

    def list(self, request: Request, key: str) -> Response:  # type: ignore[override]
        return super().list(request)


class OfRun(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """What belongs to one run."""

    def run(self) -> Run:
        runs = Run.objects.visible_to(self.request.user).only("pk")
        return get_object_or_404(runs, pk=self.kwargs["run_id"])

    def list(self, request: Request, run_id: int) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema_view(
    list=extend_schema(
        summary="Read the log of a run",
        description="Oldest first. Follow a run by `?after=` the id of the last line seen.",
    )
)
class LogLineViewSet(OfRun):
    queryset = LogLine.objects.none()
    serializer_class = LogLineSerializer
    filterset_class = LineFilters

    def get_queryset(self) -> QuerySet[LogLine]:
        return LogLine.objects.filter(run=self.run())


@extend_schema_view(
    list=extend_schema(summary="List the files that a run left"),
)
class ArtifactViewSet(OfRun):
    queryset = Artifact.objects.none()
    serializer_class = ArtifactSerializer
    filterset_class = Filters

    def get_queryset(self) -> QuerySet[Artifact]:
        return Artifact.objects.filter(run=self.run()).defer("content")

    @extend_schema(
        summary="Download a file that a run left",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def download(self, request: Request, run_id: int, artifact_id: int) -> HttpResponse:
        """Send the file as one to save: it is a task's, so no browser may run it."""
        artifact = get_object_or_404(self.get_queryset(), pk=artifact_id)
        name = artifact.name.translate(UNSAFE_IN_HEADERS)
        return HttpResponse(
            bytes(artifact.content),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": content_disposition_header(True, name) or "attachment",
                "X-Content-Type-Options": "nosniff",
            },
        )
