"""The shape of the scheduler's health, for the OpenAPI schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class NextRunSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    next_run = serializers.DateTimeField()


class JobHealthSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    last_run = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField(allow_null=True, help_text="null: it has never run.")
    duration_ms = serializers.FloatField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    next_run = serializers.DateTimeField(allow_null=True)


class HealthSerializer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    enabled = serializers.BooleanField()
    message = serializers.CharField(required=False, help_text="Why it is not ok.")
    jobs_count = serializers.IntegerField(required=False)
    jobs = serializers.DictField(child=JobHealthSerializer())
    next_runs = serializers.DictField(child=NextRunSerializer(), required=False)
