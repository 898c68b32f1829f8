"""Collect what venues list."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from prices.collection.reporting import Failure, conclude
from prices.models import Instrument
from prices.opening import open_venue
from prices.store import Collected, write_instruments
from prices.venues.base import ListIncomplete, VenueError
from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed

SHRUNKEN = (
    "%s: the list lacks %d instruments, more than a tenth of their market, so none of these was "
    "delisted. If they are gone for good, delist them by hand."
)
ZONES = {"upbit": "Asia/Seoul", "kis": "Asia/Seoul"}  # whose dates count; the others: UTC


def collect_lists(
    ctx: RunContext, venues: list[str], *, now: datetime
) -> dict[str, Any] | Degraded:
    """Store what each venue lists now; return what came of them.

    A venue that fails, or whose list has shrunk, does not keep the others from theirs. Raise
    TaskFailed if none can be asked.
    """
    collected: dict[str, Collected] = {}
    failures: list[Failure] = []
    for done, venue in enumerate(venues):
        ctx.progress(done, len(venues), venue)
        if ctx.should_stop():
            raise TaskFailed(f"Stopped after {done} of {len(venues)} exchanges.")
        try:
            collected[venue], left_out = collect_list(venue, now=now)
            ctx.log.info("%s lists: %s", venue, _said(collected[venue]))
            if missing := collected[venue].refused:
                failures.append(Failure(venue=venue, name=venue, error=SHRUNKEN % (venue, missing)))
            if left_out:
                ctx.log.error("%s: some markets are left out. %s", venue, left_out)
                failures.append(Failure(venue=venue, name=venue, error=left_out))
        except VenueError as exc:
            ctx.log.error("No list of %s: %s", venue, exc)
            failures.append(Failure.of_venue(venue, exc))
    ctx.progress(len(venues), len(venues), "Done")
    result = {"exchanges": {venue: asdict(one) for venue, one in collected.items()}}
    again = {"exchange": ",".join(failure.venue for failure in failures)}
    return conclude(result, failures, of=f"{len(venues)} exchanges", again=again, is_any=collected)


def collect_list(venue: str, *, now: datetime) -> tuple[Collected, str]:
    """Store what `venue` lists now; return what came of it, and why markets were left out.

    Raise VenueError if nothing can be read.
    """
    left_out = ""
    with closing(open_venue(venue)) as opened:
        try:
            listed = opened.list_instruments()
        except ListIncomplete as exc:
            if not exc.listed:
                raise
            listed, left_out = exc.listed, str(exc)
    collected = write_instruments(
        venue,
        listed,
        now=now,
        today=now.astimezone(ZoneInfo(ZONES.get(venue, "UTC"))).date(),
        tracked_markets={market for name, market in settings.TRACKED_MARKETS if name == venue},
    )
    return collected, left_out


def ensure_listed(venue: str, *, now: datetime) -> None:
    """Collect the list of a venue of which nothing is known yet. Raise VenueError."""
    if not Instrument.objects.filter(venue=venue).exists():
        collect_list(venue, now=now)


def _said(collected: Collected) -> str:
    return ", ".join(f"{count} {what}" for what, count in asdict(collected).items() if count)
