"""Instruments, with how fresh their candles are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from prices.freshness import State
from prices.models import Fundamentals, Instrument, InstrumentAlias
from prices.points import plain
from scheduling.rest.fields import Instant


class FreshnessSerializer(serializers.Serializer[Any]):
    """How late the candles of one interval are, in time of trading."""

    state = serializers.ChoiceField(choices=[state.value for state in State])
    known_until = Instant(allow_null=True, help_text="null: nothing was ever answered.")
    late_seconds = serializers.SerializerMethodField(
        help_text="Seconds of trading since the next candle was over."
    )

    def get_late_seconds(self, freshness: Any) -> int:
        return int(freshness.late.total_seconds())


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    """What is priced: one thing that a venue lists."""

    last_listed_at = Instant(allow_null=True, help_text="When the venue's list last had it.")
    freshness = serializers.SerializerMethodField(
        help_text="By interval, of those that anything is known of."
    )

    class Meta:
        model = Instrument
        fields = (
            "id", "venue", "venue_id", "market", "symbol", "name", "local_name", "kind",
            "base_currency", "quote_currency", "state", "warnings", "listed_on", "delisted_on",
            "is_tracked", "last_listed_at", "freshness",
        )  # fmt: skip

    @extend_schema_field(serializers.DictField(child=FreshnessSerializer()))
    def get_freshness(self, instrument: Instrument) -> dict[str, Any]:
        by_interval = self.context["freshness"][instrument.pk]
        return {
            name: FreshnessSerializer(freshness).data
            for name, freshness in by_interval.items()
            if freshness.state != State.NEVER
        }


class AliasSerializer(serializers.ModelSerializer[InstrumentAlias]):
    class Meta:
        model = InstrumentAlias
        fields = ("venue_id", "renamed_on")


class Exact(serializers.CharField):
    """A decimal, as text: no digit of it is lost."""

    def to_representation(self, value: Any) -> str:
        return plain(value)


class FundamentalsSerializer(serializers.ModelSerializer[Fundamentals]):
    """What the venue says of the company; amounts in the quote currency, roe in percent."""

    market_cap = Exact(allow_null=True)
    listed_shares = Exact(allow_null=True)
    capital = Exact(allow_null=True)
    face_value = Exact(allow_null=True)
    sales = Exact(allow_null=True)
    operating_profit = Exact(allow_null=True)
    ordinary_profit = Exact(allow_null=True)
    net_income = Exact(allow_null=True)
    roe = Exact(allow_null=True)

    class Meta:
        model = Fundamentals
        fields = (
            "stated_on", "fiscal_period", "market_cap", "listed_shares", "capital", "face_value",
            "sales", "operating_profit", "ordinary_profit", "net_income", "roe",
        )  # fmt: skip


class InstrumentDetailSerializer(InstrumentSerializer):
    """An instrument with its ids of old and its newest fundamentals."""

    aliases = AliasSerializer(many=True)
    fundamentals = serializers.SerializerMethodField()

    class Meta(InstrumentSerializer.Meta):
        fields = (*InstrumentSerializer.Meta.fields, "aliases", "fundamentals")  # type: ignore[assignment]

    @extend_schema_field(FundamentalsSerializer(allow_null=True))
    def get_fundamentals(self, instrument: Instrument) -> Any:
        newest = instrument.fundamentals.order_by("-stated_on").first()
        return FundamentalsSerializer(newest).data if newest else None
