"""Jobs: what people edit."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.api.authentication import user_of
from scheduling.api.filters import JobFilters
from scheduling.api.links import address
from scheduling.api.schema import CONFLICT
from scheduling.api.serializers.job import JobSerializer, PauseRequest
from scheduling.api.serializers.run import (
    RequestedRunSerializer,
    RunSerializer,
    TriggerManyRequest,
    TriggerRequest,
)
from scheduling.api.serializers.trigger import PreviewQuery, PreviewRequest, PreviewSerializer
from scheduling.models import Job, Run
from scheduling.models.job import JobQuerySet
from scheduling.models.requested import RunRequest, naming_its_place
from scheduling.registry import registry
from scheduling.triggers import describe, preview


@extend_schema_view(
    list=extend_schema(summary="List jobs"),
    retrieve=extend_schema(summary="Read a job"),
    create=extend_schema(summary="Create a job"),
    update=extend_schema(summary="Replace a job"),
    partial_update=extend_schema(summary="Change a job"),
    destroy=extend_schema(summary="Delete a job; its runs stay"),
)
class JobViewSet(viewsets.GenericViewSet[Job]):
    """Your jobs; staff see all."""

    serializer_class = JobSerializer
    filterset_class = JobFilters
    lookup_field = "key"

    def get_queryset(self) -> JobQuerySet:
        user = self.request.user
        return Job.objects.visible_to(user).select_related("clock", "owner").order_by("key")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._as_json(page or [], many=True))

    def retrieve(self, request: Request, key: str) -> Response:
        return Response(self._as_json(self._job(key)))

    def create(self, request: Request) -> Response:
        job = self._saved(JobSerializer(data=request.data, context=self.get_serializer_context()))
        return Response(
            self._as_json(job),
            status=status.HTTP_201_CREATED,
            headers={"Location": address(request, "job", job.key)},
        )

    def update(self, request: Request, key: str, partial: bool = False) -> Response:
        # Under the lock, so that two who change different fields both succeed.
        with transaction.atomic():
            job = get_object_or_404(self.get_queryset().locked(), key=key)
            context = self.get_serializer_context()
            self._saved(JobSerializer(job, data=request.data, partial=partial, context=context))
        return Response(self._as_json(job))

    def partial_update(self, request: Request, key: str) -> Response:
        return self.update(request, key, partial=True)

    def destroy(self, request: Request, key: str) -> Response:
        self._job(key).remove()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Stop firing", request=PauseRequest, responses={200: JobSerializer, 409: CONFLICT}
    )
    def pause(self, request: Request, key: str) -> Response:
        job = self._job(key)
        job.pause(_valid(PauseRequest(data=request.data))["reason"], by=user_of(request))
        return Response(self._as_json(job))

    @extend_schema(
        summary="Fire again", request=None, responses={200: JobSerializer, 409: CONFLICT}
    )
    def resume(self, request: Request, key: str) -> Response:
        job = self._job(key)
        job.resume()
        return Response(self._as_json(job))

    @extend_schema(
        summary="Request a run now",
        request=TriggerRequest,
        responses={202: RunSerializer, 409: CONFLICT},
    )
    def trigger(self, request: Request, key: str) -> Response:
        job = self._job(key)
        wanted = _valid(TriggerRequest(data=request.data))
        _refuse_other_types(job.task, wanted["params"])
        run = job.trigger(**wanted, origin=Run.Origin.API, requested_by=user_of(request))
        return Response(
            RunSerializer(run).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Location": address(request, "run", run.pk)},
        )

    @extend_schema(
        summary="Request many runs now, all or none",
        operation_id="jobs_trigger_many",
        request=TriggerManyRequest(many=True),
        responses={202: RequestedRunSerializer(many=True), 409: CONFLICT},
        filters=False,
    )
    def trigger_many(self, request: Request) -> Response:
        wanted = TriggerManyRequest(data=request.data, many=True)
        wanted.is_valid(raise_exception=True)
        jobs = Job.objects.visible_to(request.user)
        keys = {item["job"] for item in wanted.validated_data}
        tasks = dict(jobs.filter(key__in=keys).values_list("key", "task"))
        for place, item in enumerate(wanted.validated_data):
            with naming_its_place(place, wanted.validated_data):
                _refuse_other_types(tasks.get(item["job"], ""), item["params"])
        requests = [RunRequest(key=item.pop("job"), **item) for item in wanted.validated_data]
        runs = jobs.trigger(requests, origin=Run.Origin.API, requested_by=user_of(request))
        answer = RequestedRunSerializer(runs, many=True)
        return Response(answer.data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Show the next fire times",
        parameters=[PreviewQuery],
        responses=PreviewSerializer,
        filters=False,
    )
    def preview(self, request: Request, key: str) -> Response:
        job = self._job(key)
        query = PreviewQuery(data=request.query_params)
        return _preview(job, _valid(query)["count"])

    @extend_schema(
        summary="Show the fire times of a trigger that is not saved",
        request=PreviewRequest,
        responses={200: PreviewSerializer},
    )
    def preview_unsaved(self, request: Request) -> Response:
        wanted = PreviewRequest(data=request.data)
        count = _valid(wanted)["count"]
        return _preview(wanted.unsaved_job(timezone.now()), count)

    def _job(self, key: str) -> Job:
        return get_object_or_404(self.get_queryset(), key=key)

    def _saved(self, serializer: JobSerializer) -> Job:
        serializer.is_valid(raise_exception=True)
        job: Job = serializer.save()
        return job

    def _as_json(self, jobs: Any, *, many: bool = False) -> Any:
        ids = [job.pk for job in jobs] if many else [jobs.pk]
        runs = Run.objects.visible_to(self.request.user).newest_per_job(ids)
        context = {**self.get_serializer_context(), "last_runs": runs}
        return JobSerializer(jobs, many=many, context=context).data


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _refuse_other_types(task: str, params: dict[str, Any]) -> None:
    if params and task in registry:
        registry.get(task).parameters.refuse_other_types(params)


def _preview(job: Job, count: int) -> Response:
    spec = job.trigger_spec
    times = preview(spec, timezone.now(), count)
    return Response(PreviewSerializer({"description": describe(spec), "times": times}).data)
