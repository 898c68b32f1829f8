"""How the prices are, in a line each: for the pages that show health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode

from prices.freshness import State, Tally, tally_freshness
from prices.models import Circuit
from scheduling.findings import Finding

FEW = 0.1  # of the instruments: so many may be stale until that is no longer their own trouble


def find(now: datetime) -> Iterator[Finding]:
    """Yield which venues are closed to us, and how fresh the candles of each venue are."""
    for circuit in Circuit.objects.filter(open_until__gt=now):
        yield Finding(
            subject=f"{circuit.venue} is closed to us",
            tone="bad",
            words=f"until {circuit.open_until:%Y-%m-%d %H:%M:%S}Z",
            url=reverse("admin:prices_budget_changelist"),
        )
    for tally in tally_freshness(now=now):
        yield _of(tally)


def _of(tally: Tally) -> Finding:
    counts = {state: tally.counts.get(state, 0) for state in State}
    late = sum(count for state, count in counts.items() if state != State.FRESH)
    is_bad = counts[State.STALE] > FEW * sum(counts.values())
    return Finding(
        subject=f"{tally.interval} candles of {tally.venue}",
        tone="bad" if is_bad else "warn" if late else "good",
        words=", ".join(f"{count} {state}" for state, count in counts.items() if count) or "none",
        url=f"{reverse('admin:prices_instrument_changelist')}?{urlencode({'venue': tally.venue})}",
    )
