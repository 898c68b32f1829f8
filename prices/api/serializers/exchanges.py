"""Venues: may they be called, and what is taken of their budgets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from prices.models import Instrument, Interval
from prices.venue_states import State, VenueState
from scheduling.rest.closed import Closed
from scheduling.rest.fields import Instant


class ExchangesQuery(Closed):
    name = serializers.CharField(required=False)
    state = serializers.ChoiceField(
        choices=[state.value for state in State],
        required=False,
        error_messages={"invalid_choice": f"Use one of {', '.join(State)}."},
    )


class BreakerSerializer(serializers.Serializer[Any]):
    """Why a venue may not be called, and until when."""

    key = serializers.CharField(help_text="Of whose keys; empty: no keys.")
    until = Instant(source="open_until", help_text="Nobody calls it before; then it closes itself.")
    opened_at = Instant(allow_null=True)
    reason = serializers.CharField(help_text="What the venue said.")
    bans = serializers.IntegerField(help_text="In a row, each within a day after another.")


class UseSerializer(serializers.Serializer[Any]):
    job = serializers.CharField(help_text="Key of the job; empty: a call outside of any.")
    calls = serializers.IntegerField(help_text="Of the last 24 hours.")


class BudgetSerializer(serializers.Serializer[Any]):
    """What a venue counts together."""

    key = serializers.CharField(source="budget.key", help_text="Of whose keys; empty: no keys.")
    group = serializers.CharField(source="budget.group")
    next_at = Instant(source="budget.next_at", help_text="No call before.")
    taken = serializers.IntegerField(source="budget.taken", help_text="Calls ever.")
    calls = serializers.IntegerField(help_text="Of the last 24 hours.")
    jobs = UseSerializer(source="uses", many=True)


class LastCollectionSerializer(serializers.Serializer[Any]):
    """What was collected last; null or left out: never."""

    listed_at = Instant(allow_null=True, help_text="When the list of instruments was read.")
    last_prices_at = Instant(allow_null=True, help_text="When all last prices were read.")
    candles_until = serializers.SerializerMethodField(
        help_text="To when any candles are known, by interval."
    )

    @extend_schema_field(
        {
            "type": "object",
            "properties": {
                name: {"type": "string", "format": "date-time"} for name in Interval.values
            },
        }
    )
    def get_candles_until(self, venue: VenueState) -> dict[str, str]:
        instant = Instant()
        return {
            name: str(instant.to_representation(at)) for name, at in venue.candles_until.items()
        }


class ExchangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[state.value for state in State],
        help_text="no_keys: the settings lack what it wants to see before it tells prices.",
    )
    breaker = BreakerSerializer(source="open_circuits", many=True, help_text="Empty: none is open.")
    budgets = BudgetSerializer(many=True)
    instruments = serializers.SerializerMethodField(help_text="How many, by state.")
    last_collection = LastCollectionSerializer(source="*")

    @extend_schema_field(
        {
            "type": "object",
            "properties": {state: {"type": "integer"} for state in Instrument.State.values},
        }
    )
    def get_instruments(self, venue: VenueState) -> dict[str, int]:
        return {state: venue.instruments.get(state, 0) for state in Instrument.State.values}
