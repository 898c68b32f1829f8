"""Tasks that jobs can run."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class TaskSerializer(serializers.Serializer[Any]):
    """A task, with the policies that its jobs start with."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # and so is a field's label
    description = serializers.CharField()
    parameters = serializers.DictField(source="parameters.schema", help_text="JSON Schema.")
    isolation = serializers.ChoiceField(choices=["thread", "process"])
    timeout_seconds = serializers.IntegerField(source="timeout")
    max_attempts = serializers.IntegerField()
    backoff_seconds = serializers.IntegerField(source="backoff")
    retry_lost = serializers.BooleanField()
    aliases = serializers.ListField(child=serializers.CharField(), help_text="Former names.")
