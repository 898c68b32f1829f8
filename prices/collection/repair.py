"""Find what is missing in the middle of series, and have it filled, without haste."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery

from prices.collection.crew import NOT_TRIED, Crew
from prices.collection.filling import Gathering
from prices.collection.planning import Plan
from prices.collection.reporting import Failure, conclude
from prices.collection.selection import Selection, name_of
from prices.gaps import find_gaps
from prices.models import Candle, Coverage, Instrument
from prices.sessions import sessions_of
from prices.store import Series
from prices.venues.base import NotOffered
from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from scheduling.models import Job, Run

SHARE = 0.25  # of a venue's calls: the rest is for what cannot wait
LONGEST = timedelta(minutes=20)  # of one run; what is left is for the next one
SHOWN = 1000  # gaps in a result


@dataclass(frozen=True, slots=True)
class Gap:
    """Candles that should open in [starts_at, ends_at), and that nobody asked for."""

    series: Series
    starts_at: datetime
    ends_at: datetime
    candles: int

    def as_json(self) -> dict[str, Any]:
        return {
            "instrument": name_of(self.series.instrument),
            "interval": self.series.interval,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "candles": self.candles,
        }


def gaps_within(symbols: Sequence[str] = (), interval: str | None = None) -> Iterator[Gap]:
    """Yield what is missing between the first and the last that is known of each series.

    What is missing after the last is for the next collection. Instruments that are delisted are
    left out: their venues tell nothing more. Raise NoSuchInstrument.
    """
    for series, since, until in _torn(symbols, interval):
        sessions = sessions_of(series.instrument)
        for starts_at, ends_at in find_gaps(series, since, until):
            if count := len(sessions.openings(series.interval, starts_at, ends_at)):
                yield Gap(series, starts_at, ends_at, count)


def _torn(
    symbols: Sequence[str], interval: str | None
) -> Iterator[tuple[Series, datetime, datetime]]:
    """Yield the series of more than one window, or with candles before it: only they have gaps."""
    first = Candle.objects.filter(
        instrument=OuterRef("instrument"), interval=OuterRef("interval")
    ).order_by("opened_at")
    rows = (
        _coverage(symbols, interval)
        .values("instrument", "interval")
        .annotate(windows=Count("pk"), since=Min("starts_at"), until=Max("ends_at"))
        .annotate(opened_at=Subquery(first.values("opened_at")[:1]))
        .order_by("instrument", "interval")
    )
    torn = [
        row
        for row in rows
        if row["windows"] > 1 or (row["opened_at"] or row["since"]) < row["since"]
    ]
    instruments = Instrument.objects.in_bulk({row["instrument"] for row in torn})
    for row in torn:
        series = Series(instruments[row["instrument"]], row["interval"])
        yield series, min(row["since"], row["opened_at"] or row["since"]), row["until"]


def _coverage(symbols: Sequence[str], interval: str | None) -> QuerySet[Coverage]:
    found = Coverage.objects.exclude(instrument__state=Instrument.State.DELISTED)
    if interval is not None:
        found = found.filter(interval=interval)
    if symbols:
        selection = Selection(symbols=symbols)
        selection.refuse_unknown_symbols()
        meant = [one for venue in selection.venues() for one in selection.instruments(venue)]
        found = found.filter(instrument__in=meant)
    return found


def request_repairs(ctx: RunContext, gaps: Sequence[Gap]) -> dict[str, Any]:
    """Request backfill runs of the run's own job, one for each venue and interval.

    None while earlier ones have not ended: they may fill these gaps.
    """
    job = Job.objects.get(key=ctx.run.job_key)
    is_busy = job.runs.filter(status__in=Run.OPEN, origin=Run.Origin.BACKFILL).exists()
    torn: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for gap in gaps:
        instrument = gap.series.instrument
        torn[instrument.venue, gap.series.interval][name_of(instrument)] = None
    runs = [
        _request(job, list(names), interval).pk
        for (_, interval), names in torn.items()
        if not is_busy
    ]
    ctx.log.info("%d gaps in %d series", len(gaps), sum(len(names) for names in torn.values()))
    return {
        "series": sum(len(names) for names in torn.values()),
        "gaps": len(gaps),
        "candles": sum(gap.candles for gap in gaps),
        "requested": runs,
        "found": [gap.as_json() for gap in gaps[:SHOWN]],
    }


def fill_gaps(ctx: RunContext, symbols: Sequence[str], interval: str) -> dict[str, Any] | Degraded:
    """Fill the gaps of series, in one thread, with a quarter of each venue's calls.

    After LONGEST it requests a further run for what is left. Raise TaskFailed if all fail.
    """
    plan = Plan(interval=interval, until=ctx.scheduled_at, days_back=1, is_whole=True, share=SHARE)
    torn: dict[str, dict[int, Series]] = defaultdict(dict)
    for gap in gaps_within(symbols, interval):
        torn[gap.series.instrument.venue][gap.series.instrument.pk] = gap.series
    total, done = sum(map(len, torn.values())), 0
    ends_at = monotonic() + LONGEST.total_seconds()

    def tell(gathering: Gathering) -> None:
        nonlocal done
        done += 1
        ctx.progress(done, total, gathering.series.instrument.symbol)

    def should_stop() -> bool:
        return ctx.should_stop() or monotonic() > ends_at

    gatherings: list[Gathering] = []
    for venue, series in torn.items():
        gatherings += Crew(venue, plan, should_stop, tell).collect(series.values(), threads=1)
    if ctx.should_stop():
        raise TaskFailed(f"Stopped after {done} of {total} series; what was collected stays.")
    return _concluded(ctx, gatherings, interval)


def _request(job: Job, names: Sequence[str], interval: str) -> Run:
    params = {"fill": True, "symbols": list(names), "interval": interval}
    return job.trigger(params=params, is_complete=True, origin=Run.Origin.BACKFILL)


def _concluded(
    ctx: RunContext, gatherings: Sequence[Gathering], interval: str
) -> dict[str, Any] | Degraded:
    """Return what came of it. What a venue tells no more is lost, and no failure each night."""
    left = [one for one in gatherings if one.error in NOT_TRIED]
    torn = [one for one in gatherings if one.error and one.error not in NOT_TRIED]
    failed = [one for one in torn if not isinstance(one.cause, NotOffered)]
    requested = []
    if left and len(left) < len(gatherings):
        job = Job.objects.get(key=ctx.run.job_key)
        names = [name_of(one.series.instrument) for one in left]
        requested.append(_request(job, names, interval).pk)
    result = {
        "series": len(gatherings),
        "new": sum(one.written.new for one in gatherings),
        "changed": sum(one.written.changed for one in gatherings),
        "gaps": sum(one.gaps for one in gatherings),
        "left": len(left),
        "lost": len(torn) - len(failed),
        "requested": requested,
    }
    return conclude(
        result,
        [_failure(one) for one in failed],
        of=f"{len(gatherings)} series",
        again={"symbols": [name_of(one.series.instrument) for one in failed]},
        is_any=len(failed) < len(gatherings),
    )


def _failure(gathering: Gathering) -> Failure:
    instrument = gathering.series.instrument
    return Failure(
        venue=instrument.venue,
        name=name_of(instrument),
        error=gathering.error,
        instrument=instrument.venue_id,
    )
