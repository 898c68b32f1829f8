"""An instrument's own page: its candles on a chart and in a table, and all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from prices.admin.cells import freshness_label, freshness_words, state_label
from prices.freshness import Freshness, State, read_freshness
from prices.gaps import Window, find_gaps
from prices.models import CandleRevision, Instrument, Interval
from prices.points import Point, Points, TooManyCandles, plain, read_points
from prices.sessions import sessions_of
from prices.store import Series, known_since
from prices.venues.base import LENGTHS

MOST_POINTS = 1_500
IN_TABLE = 50  # rows; CSV has all
LISTED = 20  # gaps, revisions
RANGES = {
    "1d": ("24 h", timedelta(days=1)),
    "7d": ("7 d", timedelta(days=7)),
    "30d": ("30 d", timedelta(days=30)),
    "90d": ("90 d", timedelta(days=90)),
    "1y": ("1 y", timedelta(days=365)),
    "5y": ("5 y", timedelta(days=5 * 365)),
    "all": ("All", None),
}
USUAL = 300  # candles: the range that shows about so many is shown first


@dataclass(frozen=True, slots=True)
class Switch:
    """A link that changes one thing of what is shown."""

    text: str
    url: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class View:
    """What somebody wants to see of an instrument."""

    interval: str
    range: str
    is_adjusted: bool

    @classmethod
    def wanted(cls, request: HttpRequest, known: list[str]) -> View:
        """Return what the address says; what it does not say, or says wrong, is chosen."""
        interval = request.GET.get("interval", "")
        if interval not in Interval.values:
            interval = "1d" if "1d" in known or not known else known[-1]
        span = request.GET.get("range", "")
        if span not in RANGES:
            spans = [(key, length) for key, (_, length) in RANGES.items() if length]
            enough = [key for key, length in spans if length >= USUAL * LENGTHS[interval]]
            span = enough[0] if enough else "all"
        return cls(interval, span, request.GET.get("adjusted") == "1")

    def query(self, **changed: str | bool) -> str:
        """Return the address of this view with something changed."""
        values = {"interval": self.interval, "range": self.range, "adjusted": self.is_adjusted}
        values |= changed
        texts = {
            name: str(int(one) if isinstance(one, bool) else one) for name, one in values.items()
        }
        return f"?{urlencode(texts)}"

    def since(self, series: Series, now: datetime) -> datetime:
        span = RANGES[self.range][1]
        length = LENGTHS[self.interval]
        return now - span if span else known_since(series) or now - length


class InstrumentPage(ModelAdmin):
    """The page reads; its one button says whether jobs collect the candles."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        track = path("<int:number>/track/", view(self.track_view), name="prices_instrument_track")
        return [track, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        instrument = self._instrument(int(object_id) if object_id.isdecimal() else 0)
        context = {
            **self.admin_site.each_context(request),
            **_page(request, instrument),
            "title": instrument.symbol,
            "original": instrument.symbol,
            "subtitle": f"{instrument.venue} {instrument.venue_id}",
            "opts": self.opts,
            "can_change": self.has_change_permission(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/prices/instrument/page.html", context)

    def track_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        instrument = self._instrument(number)
        instrument.is_tracked = request.POST.get("tracked") == "1"
        instrument.save(update_fields=["is_tracked"])
        words = "is tracked" if instrument.is_tracked else "is tracked no more"
        messages.success(request, f"{instrument.symbol} {words}.")
        return HttpResponseRedirect(reverse("admin:prices_instrument_change", args=[number]))

    def _instrument(self, number: int) -> Instrument:
        found = Instrument.objects.select_related("last_price").filter(pk=number).first()
        if found is None:
            raise Http404(f"There is no instrument with the number {number}.")
        return found


def _page(request: HttpRequest, instrument: Instrument) -> dict[str, Any]:
    now = timezone.now()
    rows = Instrument.objects.filter(pk=instrument.pk)
    freshness = read_freshness(rows, Interval.values, now=now)[instrument.pk]
    known = [name for name, one in freshness.items() if one.state != State.NEVER]
    view = View.wanted(request, known)
    return {
        "instrument": instrument,
        "state": state_label(instrument),
        "last_price": getattr(instrument, "last_price", None),
        "freshness": _freshness_lines(freshness),
        "intervals": _intervals(view, known),
        "ranges": [
            Switch(text, view.query(range=key), key == view.range)
            for key, (text, _) in RANGES.items()
        ],
        "adjusted": Switch("Adjusted", view.query(adjusted=not view.is_adjusted), view.is_adjusted),
        "aliases": instrument.aliases.all(),
        "fundamentals": instrument.fundamentals.order_by("-stated_on").first(),
        "actions": instrument.corporate_actions.order_by("-effective_at"),
        **_candles(instrument, view, now),
        "revisions": _revisions(Series(instrument, view.interval)),
    }


def _candles(instrument: Instrument, view: View, now: datetime) -> dict[str, Any]:
    series = Series(instrument, view.interval)
    since, until = view.since(series, now), now
    over = sessions_of(instrument).over_until(view.interval, now)
    gaps = find_gaps(series, since, over) if since < over else []
    query = {
        "instrument": str(instrument.pk),
        "interval": view.interval,
        "from": _said(since),
        "to": _said(until),
        "adjusted": "true" if view.is_adjusted else "false",
    }
    try:
        points = read_points(series, since, until, most=MOST_POINTS, is_adjusted=view.is_adjusted)
        trouble = ""
    except TooManyCandles as exc:
        points, trouble = Points([]), f"{exc} Choose a shorter range, or a longer interval."
    address = reverse("prices_api:candles")
    return {
        "view": view,
        "trouble": trouble,
        "points": points,
        "rows": [_row(point) for point in reversed(points.rows[-IN_TABLE:])],
        "gaps": [_gap(gap) for gap in reversed(gaps[-LISTED:])],
        "gap_count": len(gaps),
        "data_url": f"{address}?{urlencode(query)}",
        "csv_url": f"{address}?{urlencode({**query, 'points': '50000', 'format': 'csv'})}",
        "step": int(LENGTHS[view.interval].total_seconds()),
    }


def _intervals(view: View, known: list[str]) -> list[Switch]:
    """Return the intervals that there are candles of, and the one that is shown."""
    names = [name for name in Interval.values if name in known or name == view.interval]
    return [
        Switch(name, f"?{urlencode({'interval': name, 'adjusted': str(int(view.is_adjusted))})}",
               name == view.interval)
        for name in names
    ]  # fmt: skip


def _freshness_lines(freshness: dict[str, Freshness]) -> list[tuple[Any, str]]:
    return [
        (freshness_label(name, one), freshness_words(one))
        for name, one in freshness.items()
        if one.state != State.NEVER
    ]


def _row(point: Point) -> dict[str, Any]:
    numbers = ("open", "high", "low", "close", "volume", "quote_volume")
    values = {name: getattr(point, name) for name in numbers}
    return {
        "at": f"{point.opened_at:%Y-%m-%d %H:%M}",
        "is_final": point.is_final,
        "count": point.count,
        **{name: "" if value is None else plain(value) for name, value in values.items()},
    }


def _gap(gap: Window) -> str:
    start, end = gap
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"


def _revisions(series: Series) -> Any:
    kept = CandleRevision.objects.filter(instrument=series.instrument, interval=series.interval)
    return kept.order_by("-opened_at", "-replaced_at")[:LISTED]


def _said(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}Z"
