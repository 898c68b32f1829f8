"""Jobs, as JSON in and out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scheduling.api.errors import by_api_field
from scheduling.api.fields import Params, Username
from scheduling.api.serializers.run import LastRunSerializer
from scheduling.api.serializers.trigger import TriggerSerializer
from scheduling.exceptions import InvalidParams, InvalidTrigger
from scheduling.models import Job
from scheduling.registry import registry
from scheduling.rest.closed import Closed
from scheduling.rest.fields import LARGEST_SMALL, Flag, Instant, Text, Whole
from scheduling.triggers import describe

KEY = Job._meta.get_field("key")


class JobSerializer(Closed):
    """A job. What a PUT leaves out goes back to its default, what a PATCH leaves out stays.

    timeout_seconds, max_attempts, backoff_seconds and retry_lost default to those of the task.
    """

    key = Text(max_length=100, validators=KEY.validators[:1], help_text=KEY.help_text)
    name = Text(max_length=200)
    description = Text(allow_blank=True, default="")
    task = Text(max_length=200, help_text="One of /api/tasks.")
    params = Params(default=dict)
    trigger = TriggerSerializer(source="*")

    coalesce = Flag(default=True)
    overlap = serializers.ChoiceField(choices=Job.Overlap.choices, default=Job.Overlap.SKIP)
    max_instances = Whole(min_value=1, max_value=LARGEST_SMALL, default=1)
    misfire_grace_seconds = Whole(min_value=1, allow_null=True, default=300)
    timeout_seconds = Whole(min_value=1, required=False)
    max_attempts = Whole(min_value=1, max_value=LARGEST_SMALL, required=False)
    backoff_seconds = Whole(required=False)
    retry_lost = Flag(required=False)

    owner = Username(required=False, allow_null=True, help_text="You, unless staff say otherwise.")
    state = serializers.ChoiceField(choices=Job.State.choices, read_only=True)
    state_reason = serializers.SerializerMethodField()
    trigger_description = serializers.SerializerMethodField()
    next_run_at = Instant(read_only=True, allow_null=True)
    last_run = serializers.SerializerMethodField()
    source = serializers.ChoiceField(  # type: ignore[assignment]  # and so is a field's source
        choices=Job.Source.choices, read_only=True
    )
    created_at = Instant(read_only=True)
    updated_at = Instant(read_only=True)

    def get_state_reason(self, job: Job) -> str | None:
        return job.state_reason or None

    def get_trigger_description(self, job: Job) -> str | None:
        try:
            return describe(job.trigger_spec)
        except InvalidTrigger:
            return None  # the job is broken, and its state_reason says why

    @extend_schema_field(LastRunSerializer(allow_null=True))
    def get_last_run(self, job: Job) -> dict[str, Any] | None:
        run = self.context["last_runs"].get(job.pk)
        return self._run_serializer.to_representation(run) if run else None

    def validate_key(self, key: str) -> str:
        if self.instance is not None and key != self.instance.key:
            raise serializers.ValidationError("The key of a job cannot be changed.")
        return key

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        known = self.instance.state if self.instance is not None else Job.State.ACTIVE
        if self.initial_data.get("state", known) != known:
            raise serializers.ValidationError(
                {"state": ["Read only. POST to the job's /pause or /resume instead."]}
            )
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Job:
        job = Job(owner=self.context["request"].user)
        try:
            with transaction.atomic():
                return self._put(job, validated_data)
        except IntegrityError as exc:  # another request was faster
            raise serializers.ValidationError(
                {"key": ["Job with this Key already exists."]}
            ) from exc

    def update(self, instance: Job, validated_data: dict[str, Any]) -> Job:
        return self._put(instance, validated_data)

    @cached_property
    def _run_serializer(self) -> LastRunSerializer:
        return LastRunSerializer()

    def _put(self, job: Job, values: dict[str, Any]) -> Job:
        if not self.partial and values["task"] in registry:
            job.take_policy_of(registry.get(values["task"]))
        for name, value in values.items():
            setattr(job, name, value)
        wrong_types = _wrong_types(job) if "params" in values else {}
        try:
            if wrong_types:
                job.full_clean(exclude={"clock"})  # to say at once what else is wrong
                raise serializers.ValidationError(wrong_types)
            job.put()
        except ValidationError as exc:
            errors = by_api_field(exc.message_dict, job) | wrong_types
            raise serializers.ValidationError(errors) from exc
        return job


class PauseRequest(Closed):
    reason = Text(max_length=1000, help_text="Shown with the job: why it does not run.")


def _wrong_types(job: Job) -> dict[str, Any]:
    if job.task in registry:
        try:
            registry.get(job.task).parameters.refuse_other_types(job.params)
        except InvalidParams as exc:
            return {"params": exc.errors}
    return {}
