"""Triggers, and the fire times they give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scheduling.api.errors import by_api_field
from scheduling.models import Job
from scheduling.rest.closed import Closed
from scheduling.rest.fields import Instant, Text, Whole
from scheduling.triggers.build import KINDS, MAX_JITTER_SECONDS
from scheduling.triggers.preview import Mark

MOST_PREVIEWED = 100


@extend_schema_field({"type": "string", "enum": list(KINDS)})
class Kind(Text):
    """A kind of trigger. The trigger itself refuses others, and says which was meant."""


class TriggerSerializer(Closed):
    """When a job fires. Times that are left out: no bound."""

    kind = Kind(source="trigger_kind", max_length=10)
    expression = Text(
        source="trigger_expression",
        max_length=200,
        help_text="cron: `*/15 7-23 * * *`, interval: `1h30m`, date: `2026-12-31T18:00`",
    )
    timezone = Text(max_length=64, default=lambda: settings.TIME_ZONE)
    start_at = Instant(allow_null=True, default=None)
    end_at = Instant(allow_null=True, default=None)
    jitter_seconds = Whole(max_value=MAX_JITTER_SECONDS, default=0)


class PreviewQuery(Closed):
    count = serializers.IntegerField(min_value=1, max_value=MOST_PREVIEWED, default=10)


class PreviewRequest(Closed):
    """A trigger that is not saved yet, and how many of its fire times to show."""

    trigger = TriggerSerializer(source="*")
    count = Whole(min_value=1, max_value=MOST_PREVIEWED, default=10)

    def unsaved_job(self, now: datetime) -> Job:
        """Return a job that has the trigger. Raise ValidationError if the trigger is wrong."""
        fields: dict[str, Any] = {**self.validated_data, "anchor_at": now}
        del fields["count"]
        job = Job(**fields)
        if errors := job.trigger_errors(None):
            raise serializers.ValidationError(by_api_field(errors, job))
        return job


class PreviewedTimeSerializer(serializers.Serializer[Any]):
    at = Instant()
    local = serializers.SerializerMethodField(help_text="The same instant in the trigger's zone.")
    mark = serializers.ChoiceField(choices=Mark.__args__)  # type: ignore[attr-defined]
    note = serializers.CharField(help_text="What a change of the clocks does to it, in words.")

    def get_local(self, time: Any) -> str:
        return str(time.local.isoformat())


class PreviewSerializer(serializers.Serializer[Any]):
    description = serializers.CharField(help_text="The trigger in plain words.")
    times = PreviewedTimeSerializer(many=True)
