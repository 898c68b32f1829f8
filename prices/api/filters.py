"""By what instruments are filtered."""

from __future__ import annotations

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from prices.models import Instrument, InstrumentAlias
from scheduling.rest.filters import Filters

SEARCHED = ("symbol", "venue_id", "name", "local_name")


def matching(instruments: QuerySet[Instrument], text: str) -> QuerySet[Instrument]:
    """Return the instruments of which a name, an id or an id of old has `text` in it."""
    wanted = Q()
    for field in SEARCHED:
        wanted |= Q(**{f"{field}__icontains": text})
    renamed = InstrumentAlias.objects.filter(instrument=OuterRef("pk"), venue_id__icontains=text)
    return instruments.filter(wanted | Exists(renamed))


class InstrumentFilters(Filters):
    venue = django_filters.CharFilter()
    market = django_filters.CharFilter(label="The venue's part, as KRW or KOSPI.")
    symbol = django_filters.CharFilter(label="The whole symbol, as BTC/KRW.")
    kind = django_filters.MultipleChoiceFilter(choices=Instrument.Kind.choices)
    state = django_filters.MultipleChoiceFilter(choices=Instrument.State.choices)
    base_currency = django_filters.CharFilter()
    quote_currency = django_filters.CharFilter()
    is_tracked = django_filters.ChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        method="tracked",
        label="Whether jobs collect its candles: true or false.",
    )
    search = django_filters.CharFilter(
        method="searched", label="Part of a name, of the venue's id or of an id of old."
    )
    ordering = django_filters.OrderingFilter(
        fields=("id", "venue", "market", "symbol", "listed_on", "last_listed_at")
    )

    def searched(
        self, instruments: QuerySet[Instrument], name: str, text: str
    ) -> QuerySet[Instrument]:
        return matching(instruments, text)

    def tracked(
        self, instruments: QuerySet[Instrument], name: str, value: str
    ) -> QuerySet[Instrument]:
        return instruments.filter(is_tracked=value == "true")
