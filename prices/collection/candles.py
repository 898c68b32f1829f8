"""Collect the candles of many instruments of several venues, in one run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from prices.collection.crew import Crew
from prices.collection.filling import Gathering
from prices.collection.lists import ensure_listed
from prices.collection.planning import Plan
from prices.collection.reporting import LASTING, Failure, conclude
from prices.collection.selection import (
    EACH,
    NoSuchInstrument,
    NoSuchMarket,
    Selection,
    name_of,
)
from prices.opening import missing_settings
from prices.store import Series, Written
from prices.venues.base import KeysMissing, NotOffered, VenueError
from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed

# What keeps a venue out of a run that no one had named it for.
LEAVING_OUT = (KeysMissing, NotOffered)


@dataclass(slots=True)
class _Part:
    """What one venue has to do with a run.

    error  why it as a whole was not asked, or not to the end
    """

    venue: str
    wanted: list[Series] = field(default_factory=list)
    gatherings: list[Gathering] = field(default_factory=list)
    error: VenueError | None = None
    is_left_out: bool = False


def collect_candles(
    ctx: RunContext, selection: Selection, plan: Plan, *, threads: int | None = None
) -> dict[str, Any] | Degraded:
    """Collect what is missing of the candles that are wanted, and return the counts.

    Of a venue of which nothing is known the list is collected first. An instrument that fails does
    not keep the others from theirs. A venue without keys, or without such candles, is left out of
    a run for all of them. Raise TaskFailed if nothing succeeds or nobody knows what is meant.
    """
    parts = _parts(ctx, selection, plan)
    total, done = sum(len(part.wanted) for part in parts), 0

    def tell(gathering: Gathering) -> None:
        nonlocal done
        done += 1
        ctx.progress(done, total, gathering.series.instrument.symbol)
        if gathering.error:
            name = name_of(gathering.series.instrument)
            ctx.log.error("No candles of %s: %s", name, gathering.error)

    ctx.progress(0, total)
    if not total and not any(part.error for part in parts):
        ctx.log.warning("Nothing to collect: no instrument is %s.", selection.said())
    for part in parts:
        if part.error is not None:
            why = f"Not tried: {part.error}"
            part.gatherings = [
                Gathering(series, error=why, cause=part.error) for series in part.wanted
            ]
        elif part.wanted:
            crew = Crew(part.venue, plan, ctx.should_stop, tell)
            part.gatherings = crew.collect(part.wanted, threads=threads or _threads())
            part.error = crew.ended
        _log(ctx, part, selection)
    return _concluded(ctx, parts, plan)


def _threads() -> int:
    return int(settings.COLLECTION_THREADS)


def _parts(ctx: RunContext, selection: Selection, plan: Plan) -> list[_Part]:
    try:
        parts = [_Part(venue) for venue in selection.venues()]
        for part in parts:
            try:
                _refuse_without_keys(part.venue)
                ensure_listed(part.venue, now=datetime.now(UTC))
            except VenueError as exc:
                part.error = exc
        selection.refuse_unknown_symbols()
        for part in parts:
            try:
                found = selection.instruments(part.venue)
            except NoSuchMarket as exc:
                if not selection.is_for_all:
                    raise
                part.error = NotOffered(str(exc))
                continue
            part.wanted = [Series(instrument, plan.interval) for instrument in found]
    except NoSuchInstrument as exc:
        raise TaskFailed(str(exc), permanent=True) from exc
    return parts


def _refuse_without_keys(venue: str) -> None:
    """Raise KeysMissing before anything is downloaded in vain."""
    if needed := missing_settings(venue):
        raise KeysMissing(f"{venue} tells no prices without keys. Set {' and '.join(needed)}.")


def _log(ctx: RunContext, part: _Part, selection: Selection) -> None:
    if isinstance(part.error, LEAVING_OUT) and _may_be_left_out(part, selection):
        part.is_left_out = True
        ctx.log.warning("%s is left out: %s", part.venue, part.error)
        return
    if part.error is not None:
        ctx.log.error("%s is asked no more: %s", part.venue, part.error)
    if not part.gatherings:
        return
    written = _sum(part.gatherings)
    ctx.log.info(
        "%s: %d instruments, candles: %d new, %d changed (%d of them final), %d unchanged",
        part.venue, len(part.gatherings), written.new, written.changed, written.revised,
        written.unchanged,
    )  # fmt: skip


def _may_be_left_out(part: _Part, selection: Selection) -> bool:
    if not selection.is_for_all:
        return False
    return isinstance(part.error, NotOffered) or not selection.only_tracked


def _concluded(ctx: RunContext, parts: list[_Part], plan: Plan) -> dict[str, Any] | Degraded:
    counted = [part for part in parts if not part.is_left_out]
    gatherings = [gathering for part in counted for gathering in part.gatherings]
    failures = [failure for part in counted for failure in _failures(part)]
    if ctx.should_stop():
        done = sum(not gathering.error for gathering in gatherings)
        raise TaskFailed(f"Stopped after {done} instruments; what was collected stays.")
    if parts and not counted:
        raise TaskFailed(" ".join(str(part.error) for part in parts), permanent=True)
    result = {
        "exchanges": [part.venue for part in counted],
        "interval": plan.interval,
        "until": plan.until,
        **_counts(gatherings),
        "failed": len(failures),
        "left_out": {part.venue: str(part.error) for part in parts if part.is_left_out},
    }
    return conclude(
        result,
        failures,
        of=f"{len(gatherings) + sum(not part.gatherings for part in counted)} instruments",
        again={"symbols": [failure.name for failure in failures]},
        is_any=any(not gathering.error for gathering in gatherings),
    )


def _failures(part: _Part) -> Iterable[Failure]:
    if part.error is not None and not part.gatherings:
        failure = Failure.of_venue(part.venue, part.error)
        name = f"{part.venue}:{EACH}"
        yield Failure(
            venue=part.venue, name=name, error=failure.error, is_lasting=failure.is_lasting
        )
    for gathering in part.gatherings:
        if gathering.error:
            instrument = gathering.series.instrument
            yield Failure(
                venue=part.venue,
                name=name_of(instrument),
                error=gathering.error,
                is_lasting=isinstance(gathering.cause, LASTING),
                instrument=instrument.venue_id,
            )


def _counts(gatherings: list[Gathering]) -> dict[str, int]:
    written = _sum(gatherings)
    return {
        "instruments": len(gatherings),
        "complete": sum(gathering.is_complete for gathering in gatherings),
        "calls": sum(gathering.calls for gathering in gatherings),
        "new": written.new,
        "changed": written.changed,
        "unchanged": written.unchanged,
        "revised": written.revised,
        "rewritten": sum(gathering.is_rewritten for gathering in gatherings),
        "gaps": sum(gathering.gaps for gathering in gatherings),
    }


def _sum(gatherings: Iterable[Gathering]) -> Written:
    return sum((gathering.written for gathering in gatherings), Written())
