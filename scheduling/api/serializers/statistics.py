"""What runs add up to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scheduling.rest.closed import Closed
from scheduling.rest.fields import Milliseconds
from scheduling.statistics import DAYS, ENDED, MOST_DAYS, Statistics

COUNT = {"type": "integer", "minimum": 0}


class StatisticsQuery(Closed):
    days = serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, default=DAYS, help_text="Today (UTC) and those before."
    )


@extend_schema_field(
    {
        "type": "object",
        "properties": {status.value: COUNT for status in ENDED},
        "required": [status.value for status in ENDED],
        "description": "Runs by status, those included that no run has.",
    }
)
class Statuses(serializers.Field[dict[str, int], Any, dict[str, int], Any]):
    def to_representation(self, value: dict[str, int]) -> dict[str, int]:
        return value


class SumsSerializer(serializers.Serializer[Any]):
    """Some runs that have ended. Durations and lateness are those of runs that started."""

    runs = serializers.IntegerField(help_text="That have ended.")
    statuses = Statuses()
    success_rate = serializers.FloatField(
        allow_null=True,
        help_text="From 0 to 1: succeeded and degraded runs among these and failed, timed out and "
        "lost ones. null: there is none of them.",
    )
    average_duration_ms = Milliseconds(source="average_duration", allow_null=True)
    longest_duration_ms = Milliseconds(source="longest_duration", allow_null=True)
    average_lateness_ms = Milliseconds(
        source="average_lateness",
        allow_null=True,
        help_text="From when a run might start until it did.",
    )
    longest_lateness_ms = Milliseconds(source="longest_lateness", allow_null=True)


class DaySerializer(SumsSerializer):
    """The runs that stand for an instant of one day."""

    date = serializers.DateField(help_text="In UTC.")


class StatisticsSerializer(SumsSerializer):
    """The runs of some days, and of each of these."""

    first_date = serializers.DateField()
    last_date = serializers.DateField(help_text="Today, in UTC.")
    by_day = DaySerializer(many=True, help_text="Every day, the oldest first.")


def as_json(statistics: Statistics) -> dict[str, Any]:
    """Return the answer. The fields that a day and the whole have in common stand first."""
    days = [
        {**SumsSerializer(sums).data, "date": day.isoformat()}
        for day, sums in statistics.by_day.items()
    ]
    return {
        **SumsSerializer(statistics.total).data,
        "first_date": days[0]["date"],
        "last_date": days[-1]["date"],
        "by_day": days,
    }
