"""What the endpoints answer, for the schema; `telling` makes the values."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from scheduling.rest.fields import Instant
from snapshots.models import Snapshot, Watch
from snapshots.performance.periods import Period
from snapshots.selectors.curve import LEAST_FIRST

Serializer = serializers.Serializer[Any]


class MeasureSerializer(Serializer):
    """A figure; null with the reason."""

    value = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True, help_text="What to mind about it.")


class DrawdownSerializer(Serializer):
    depth = serializers.FloatField(help_text="-0.2: 20 % below the highest point before.")
    peaked_on = serializers.DateField()
    bottomed_on = serializers.DateField()
    recovered_on = serializers.DateField(allow_null=True, help_text="null: not yet.")


class DayFigureSerializer(Serializer):
    day = serializers.DateField()
    ratio = serializers.FloatField()


class PointSerializer(Serializer):
    at = Instant()
    business_date = serializers.DateField()
    value = serializers.CharField()
    is_carried = serializers.BooleanField(help_text="A part of it has an earlier value.")
    is_backfilled = serializers.BooleanField(help_text="A part is from a source's history.")


class PnlSerializer(Serializer):
    """Value, less that of the baseline, less the flows in between."""

    period = serializers.ChoiceField(choices=[one.value for one in Period])
    label = serializers.CharField(help_text="P&L, or Value change where flows are not known.")  # type: ignore[assignment]
    amount = serializers.CharField(allow_null=True)
    ratio = serializers.FloatField(allow_null=True, help_text="0.01: 1 %, time-weighted.")
    flow = serializers.CharField()
    flows_known = serializers.BooleanField()
    baseline = PointSerializer(allow_null=True)
    now = PointSerializer()
    reason = serializers.CharField(allow_blank=True)


class AccountSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    currency = serializers.CharField()
    timezone = serializers.CharField()
    wants_intraday = serializers.BooleanField()
    wants_eod = serializers.BooleanField()
    flows_known_since = Instant(allow_null=True)
    flows_known_until = Instant(allow_null=True)


class SnapshotSerializer(Serializer):
    id = serializers.IntegerField()
    account = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Snapshot.Kind.choices)
    slot_at = Instant()
    business_date = serializers.DateField()
    as_of = Instant(allow_null=True)
    status = serializers.ChoiceField(choices=Snapshot.Status.choices)
    is_counted = serializers.BooleanField(help_text="It enters curves, P&L and measures.")
    quality = serializers.CharField(allow_null=True)
    reasons = serializers.ListField(child=serializers.DictField())
    currency = serializers.CharField()
    total_value = serializers.CharField(allow_null=True)
    total_usd = serializers.CharField(allow_null=True)
    fx_rate = serializers.CharField(allow_null=True)
    fx_at = Instant(allow_null=True)
    fx_source = serializers.CharField(allow_blank=True)
    reporting_currency = serializers.CharField()
    total_reporting = serializers.CharField(allow_null=True)
    reporting_rate = serializers.CharField(
        allow_null=True, help_text="Per unit of the currency; null: they are one."
    )
    reporting_at = Instant(allow_null=True)
    reporting_source = serializers.CharField(allow_blank=True)
    min_usd = serializers.CharField(help_text="Positions worth less are dust, and not listed.")
    positions = serializers.IntegerField()
    dust_count = serializers.IntegerField()
    dust_value_usd = serializers.CharField()
    run_id = serializers.IntegerField(allow_null=True)


class PositionSerializer(Serializer):
    snapshot = serializers.IntegerField()
    ticker = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    location = serializers.CharField(allow_blank=True)
    amount = serializers.CharField()
    price = serializers.CharField(allow_null=True)
    value = serializers.CharField(help_text="In the currency of the answer.")
    value_usd = serializers.CharField(allow_null=True)
    cost = serializers.CharField(
        allow_null=True, help_text="As the source says; null: it does not."
    )
    unrealized = serializers.CharField(allow_null=True, help_text="Value less that cost.")
    is_carried = serializers.BooleanField()


class SaidSerializer(Serializer):
    """What a source says of all its positions whose cost it knows, and they are worth."""

    positions = serializers.IntegerField()
    value = serializers.CharField()
    cost = serializers.CharField()
    unrealized = serializers.CharField()


class HeadSerializer(Serializer):
    """What is said of every portfolio."""

    user_id = serializers.IntegerField()
    currency = serializers.CharField()
    as_of = Instant(allow_null=True, help_text="The newest slot at which all of it is known.")
    age_seconds = serializers.IntegerField(allow_null=True, help_text="Of that.")
    built_at = Instant(help_text="When this answer was put together.")
    value = serializers.CharField(allow_null=True)
    is_carried = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Accounts without anything newer that counts."
    )


class AccountWithSnapshotSerializer(AccountSerializer):
    snapshot = SnapshotSerializer(allow_null=True)
    source_says = SaidSerializer(
        allow_null=True, help_text="Its own word on gains, beside our P&L; null: it says nothing."
    )


class AccountFreshnessSerializer(Serializer):
    state = serializers.ChoiceField(choices=Watch.State.choices)
    says = serializers.CharField(allow_blank=True)
    since = Instant()


class ListedAccountSerializer(AccountSerializer):
    snapshot = SnapshotSerializer(allow_null=True, help_text="The newest, also if it is a gap.")
    freshness = AccountFreshnessSerializer(
        allow_null=True, help_text="As staleness_monitor saw it; null: it has not looked yet."
    )


class BalancesSerializer(HeadSerializer):
    accounts = AccountWithSnapshotSerializer(many=True)
    positions = PositionSerializer(many=True)


class MeasuresSerializer(Serializer):
    days = serializers.IntegerField(help_text="Daily returns that they are from.")
    days_a_year = serializers.IntegerField(help_text="365, or 252 where weekends never move.")
    total = MeasureSerializer()
    annualised = MeasureSerializer()
    volatility = MeasureSerializer()
    sharpe = MeasureSerializer()
    sortino = MeasureSerializer()
    calmar = MeasureSerializer()
    hit_rate = MeasureSerializer()
    value_at_risk = MeasureSerializer()
    conditional_value_at_risk = MeasureSerializer()
    drawdown = DrawdownSerializer(allow_null=True)
    drawdown_reason = serializers.CharField(allow_blank=True, help_text="Why it is null.")
    best = DayFigureSerializer(allow_null=True)
    worst = DayFigureSerializer(allow_null=True)


class StandingsSerializer(HeadSerializer):
    reason = serializers.CharField(allow_blank=True, help_text="Why there are no returns.")
    exposure = MeasureSerializer()
    concentration = MeasureSerializer()
    turnover = MeasureSerializer()


class MetricsSerializer(StandingsSerializer):
    period = serializers.CharField(
        allow_null=True, help_text="Of measures and turnover; null: the past, and 30 days."
    )
    pnl = PnlSerializer(many=True)
    flows_known = serializers.BooleanField()
    measures = MeasuresSerializer()
    money_weighted = MeasureSerializer(help_text="XIRR.")


class ShareSerializer(Serializer):
    name = serializers.CharField()
    value = serializers.CharField()
    share = serializers.FloatField(allow_null=True, help_text="Of 1, by magnitude.")


class DataSerializer(Serializer):
    """What is behind the figures."""

    snapshots_30_days = serializers.DictField(child=serializers.IntegerField())
    ends_of_days = serializers.IntegerField()
    gaps = serializers.IntegerField()
    carried = serializers.IntegerField()
    backfilled = serializers.IntegerField(help_text="Ends of days from a source's history.")


class RiskSerializer(StandingsSerializer):
    volatility = MeasureSerializer()
    value_at_risk = MeasureSerializer()
    conditional_value_at_risk = MeasureSerializer()
    value_at_risk_amount = serializers.CharField(allow_null=True)
    drawdown = DrawdownSerializer(allow_null=True)
    drawdown_reason = serializers.CharField(allow_blank=True, help_text="Why it is null.")
    drawdown_now = serializers.FloatField(allow_null=True)
    by_kind = ShareSerializer(many=True)
    by_account = ShareSerializer(many=True)
    largest = ShareSerializer(many=True)
    data = DataSerializer()  # type: ignore[assignment]


class CurveColumnsSerializer(Serializer):
    at = serializers.ListField(child=Instant())
    business_date = serializers.ListField(child=serializers.DateField())
    value = serializers.ListField(child=serializers.CharField(allow_null=True))
    is_carried = serializers.ListField(child=serializers.BooleanField())
    status = serializers.ListField(
        child=serializers.ChoiceField([str(one) for one in LEAST_FIRST], allow_null=True),
        help_text="The least of its accounts'; null is a gap.",
    )
    missing = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class CurveSerializer(Serializer):
    """Values over time; null is a gap, with what is missing."""

    currency = serializers.CharField()
    columns = CurveColumnsSerializer()
    drawdown = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="Below the highest point so far, flows taken out; empty: flows are not known.",
    )


class DaysColumnsSerializer(Serializer):
    day = serializers.ListField(child=serializers.DateField())
    days = serializers.ListField(child=serializers.IntegerField())
    amount = serializers.ListField(child=serializers.CharField())
    ratio = serializers.ListField(child=serializers.FloatField(allow_null=True))


class DaysSerializer(Serializer):
    """P&L by day; a day that covers several since the end before says how many."""

    currency = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    columns = DaysColumnsSerializer()


class TableSerializer(Serializer):
    """A table, in columns."""

    currency = serializers.CharField()
    columns = serializers.DictField(child=serializers.ListField())


class ExplainedSerializer(TableSerializer):
    pnl = PnlSerializer(allow_null=True)
    split = serializers.DictField(child=serializers.CharField(), allow_null=True)
    reason = serializers.CharField(allow_blank=True)
