"""Runs with what they left behind: logs and artifacts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from scheduling.api.fields import Params
from scheduling.api.links import address
from scheduling.models import Artifact, LogLine, Run
from scheduling.rest.closed import Closed
from scheduling.rest.fields import Instant, Milliseconds

MOST_REQUESTS = 10_000  # in one list


class OrNull(serializers.CharField):
    """Text; null if there is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class LastRunSerializer(serializers.ModelSerializer[Run]):
    """How a job's newest run went."""

    scheduled_at = Instant()
    started_at = Instant(allow_null=True)
    finished_at = Instant(allow_null=True)
    duration_ms = Milliseconds(source="duration", allow_null=True)
    reason = OrNull()
    error = OrNull()

    class Meta:
        model = Run
        fields = (
            "id", "status", "reason", "origin", "scheduled_at", "started_at", "finished_at",
            "duration_ms", "error",
        )  # fmt: skip


class RunSerializer(LastRunSerializer):
    """One occurrence of a job."""

    job = serializers.CharField(source="job_key", help_text="Stays when the job is deleted.")
    requested_by = serializers.CharField(allow_null=True)
    progress = serializers.JSONField(allow_null=True)
    result = serializers.JSONField(allow_null=True)

    class Meta(LastRunSerializer.Meta):
        fields = (  # type: ignore[assignment]
            "id", "job", "status", "reason", "origin", "requested_by", "scheduled_at",
            "started_at", "finished_at", "duration_ms", "attempt", "params", "progress",
            "result", "error",
        )  # fmt: skip


class RunDetailSerializer(RunSerializer):
    """A run with all that is known of it."""

    owner = serializers.CharField(allow_null=True)
    worker = serializers.CharField(allow_null=True)
    created_at = Instant()
    due_at = Instant(allow_null=True)
    cancel_requested_at = Instant(allow_null=True)
    traceback = OrNull()
    errors = serializers.ListField(  # type: ignore[assignment]  # so is what validation finds
        child=serializers.DictField(), help_text="What earlier attempts ended with."
    )

    class Meta(RunSerializer.Meta):
        fields = (
            *RunSerializer.Meta.fields,
            "task", "owner", "worker", "created_at", "due_at", "cancel_requested_at",
            "timeout_seconds", "max_attempts", "traceback", "errors",
        )  # type: ignore[assignment]  # fmt: skip


class RunList(serializers.ListSerializer[Any]):
    """At most so many as one transaction should hold the locks for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "allow_empty": False, "max_length": MOST_REQUESTS})


class TriggerRequest(Closed):
    """A run that is wanted now."""

    params = Params(default=dict, help_text="Override those of the job, one by one.")
    scheduled_at = Instant(
        allow_null=True, default=None, help_text="The instant to compute for; now if left out."
    )


class TriggerManyRequest(TriggerRequest):
    """A run that is wanted now, of a job that is named."""

    job = serializers.CharField(help_text="Key of the job.")

    class Meta:
        list_serializer_class = RunList


class RequestedRunSerializer(serializers.ModelSerializer[Run]):
    """What became of one of many requests: pending, or skipped with the reason."""

    job = serializers.CharField(source="job_key")
    scheduled_at = Instant()
    reason = OrNull()

    class Meta:
        model = Run
        fields = ("id", "job", "status", "reason", "scheduled_at")


class LogLineSerializer(serializers.ModelSerializer[LogLine]):
    at = Instant()

    class Meta:
        model = LogLine
        fields = ("id", "at", "level", "logger", "message")


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    created_at = Instant()
    url = serializers.SerializerMethodField(help_text="Where to download it.")

    class Meta:
        model = Artifact
        fields = ("id", "name", "content_type", "size", "created_at", "url")

    def get_url(self, artifact: Artifact) -> str:
        return address(self.context["request"], "artifact", artifact.run_id, artifact.pk)
