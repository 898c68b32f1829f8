"""Candles in columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from prices.gaps import Window
from prices.models import Interval
from prices.points import Points, plain
from prices.selectors import find_instrument
from prices.store import Series
from prices.venues.base import LENGTHS
from scheduling.rest.closed import Closed
from scheduling.rest.fields import Instant, QueryInstant

MOST_POINTS = 1_500
MOST_POINTS_ASKED = 50_000


class CandlesQuery(Closed):
    """Which candles, and in how many points."""

    instrument = serializers.CharField(
        help_text="Its number, or venue and the venue's id: `upbit:KRW-BTC`, `kis:005930`."
    )
    interval = serializers.ChoiceField(
        choices=Interval.values,
        error_messages={"invalid_choice": f"Use one of {', '.join(Interval.values)}."},
    )
    to = QueryInstant(required=False, help_text="Exclusive. Now if left out.")
    adjusted = serializers.BooleanField(
        default=False, help_text="As if later splits and dividends had been in effect already."
    )
    points = serializers.IntegerField(
        min_value=1,
        max_value=MOST_POINTS_ASKED,
        default=MOST_POINTS,
        help_text="At most so many. Where there are more candles, several become one point.",
    )
    format = serializers.ChoiceField(  # DRF takes it for what Accept should say
        choices=["json", "csv"],
        required=False,
        help_text="Where Accept leaves it open, as that of a browser.",
    )

    def get_fields(self) -> dict[str, Any]:
        since = QueryInstant(
            required=False, help_text="The first opening. 1,500 intervals before `to` if left out."
        )
        fields = super().get_fields()
        return {"instrument": fields.pop("instrument"), "interval": fields.pop("interval"),
                "from": since, **fields}  # fmt: skip

    def validate_instrument(self, name: str) -> Any:
        instrument = find_instrument(name)
        if instrument is None:
            raise serializers.ValidationError(
                f"There is no instrument {name!r}. Use its number, or venue and id as in "
                "upbit:KRW-BTC; /api/instruments lists them."
            )
        return instrument

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.setdefault("to", timezone.now())
        span = MOST_POINTS * LENGTHS[attrs["interval"]]
        if attrs.setdefault("from", until - span) >= until:
            raise serializers.ValidationError({"from": ["It must be before `to`."]})
        return attrs

    @property
    def series(self) -> Series:
        return Series(self.validated_data["instrument"], self.validated_data["interval"])


class ColumnsSerializer(serializers.Serializer[Any]):
    """One list for each column, all of one length, the oldest first. Decimals are texts."""

    opened_at = serializers.ListField(child=Instant())
    open = serializers.ListField(child=serializers.CharField())
    high = serializers.ListField(child=serializers.CharField())
    low = serializers.ListField(child=serializers.CharField())
    close = serializers.ListField(child=serializers.CharField())
    volume = serializers.ListField(
        child=serializers.CharField(), help_text="Units of the instrument."
    )
    quote_volume = serializers.ListField(
        child=serializers.CharField(allow_null=True), help_text="null: the venue does not tell."
    )
    is_final = serializers.ListField(
        child=serializers.BooleanField(), help_text="false: it may still change."
    )
    candles = serializers.ListField(
        child=serializers.IntegerField(), help_text="How many became this point."
    )


class GapSerializer(serializers.Serializer[Any]):
    """A window that nobody has asked about, and that has candles to expect."""

    to = Instant()

    def get_fields(self) -> dict[str, Any]:
        return {"from": Instant(), **super().get_fields()}


class CandlesSerializer(serializers.Serializer[Any]):
    instrument = serializers.IntegerField()
    venue = serializers.CharField()
    venue_id = serializers.CharField()
    symbol = serializers.CharField()
    quote_currency = serializers.CharField(help_text="Of the prices.")
    interval = serializers.ChoiceField(choices=Interval.values)
    to = Instant()
    adjusted = serializers.BooleanField()
    candles = serializers.IntegerField(help_text="That there are in the window.")
    points = serializers.IntegerField()
    intervals_per_point = serializers.IntegerField(help_text="1: no point is several candles.")
    columns = ColumnsSerializer()
    gaps = GapSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        names = ("instrument", "venue", "venue_id", "symbol", "quote_currency", "interval")
        return {**{name: fields.pop(name) for name in names}, "from": Instant(), **fields}


def as_columns(points: Points) -> dict[str, list[Any]]:
    rows = points.rows
    return {
        "opened_at": [said(row.opened_at) for row in rows],
        "open": [plain(row.open) for row in rows],
        "high": [plain(row.high) for row in rows],
        "low": [plain(row.low) for row in rows],
        "close": [plain(row.close) for row in rows],
        "volume": [plain(row.volume) for row in rows],
        "quote_volume": [
            None if row.quote_volume is None else plain(row.quote_volume) for row in rows
        ],
        "is_final": [row.is_final for row in rows],
        "candles": [row.count for row in rows],
    }


def as_json(
    series: Series, query: dict[str, Any], points: Points, gaps: list[Window]
) -> dict[str, Any]:
    instrument = series.instrument
    return {
        "instrument": instrument.pk,
        "venue": instrument.venue,
        "venue_id": instrument.venue_id,
        "symbol": instrument.symbol,
        "quote_currency": instrument.quote_currency,
        "interval": series.interval,
        "from": said(query["from"]),
        "to": said(query["to"]),
        "adjusted": query["adjusted"],
        "candles": points.candles,
        "points": len(points.rows),
        "intervals_per_point": points.per_point,
        "columns": as_columns(points),
        "gaps": [{"from": said(start), "to": said(end)} for start, end in gaps],
    }


def said(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
