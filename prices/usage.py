"""Which job makes how many calls: counted in memory, written every few seconds."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from django.db import DatabaseError

from prices.models.budget_use import BudgetUse, Use
from prices.venues.base import floor_to
from scheduling.context import at_end_of_run, current_run

EVERY = 5.0  # s; what a killed process has not written is not counted
KEPT = timedelta(days=31)
AN_HOUR = timedelta(hours=1)
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Unwritten:
    counts: Counter[Use] = field(default_factory=Counter)
    since: float = field(default_factory=time.monotonic)

    def take(self) -> Counter[Use]:
        taken, self.counts, self.since = self.counts, Counter(), time.monotonic()
        return taken


_BY_RUN: dict[int, _Unwritten] = {}
_LOCK = Lock()


def write_counted() -> None:
    """Write what the current run has counted, if that was long ago.

    Before a token is taken: a call that waited for the database then would come out of turn.
    """
    run = current_run()
    with _LOCK:
        unwritten = _BY_RUN.get(run.id) if run else None
        if unwritten is None or time.monotonic() - unwritten.since < EVERY:
            return
        counts = unwritten.take()
    _write(counts)


def count_call(venue: str, key: str, group: str, now: datetime) -> None:
    """Count a call for the job of the current run: in memory. Outside of any, write it down."""
    run = current_run()
    use = Use(venue, key, group, run.job_key if run else "", floor_to(AN_HOUR, now))
    if run is None:
        _write(Counter([use]))
        return
    with _LOCK:
        if run.id not in _BY_RUN:
            _BY_RUN[run.id] = _Unwritten()
            at_end_of_run(partial(_write_rest, run.id))
        _BY_RUN[run.id].counts[use] += 1


def _write_rest(run_id: int) -> None:
    with _LOCK:
        counts = _BY_RUN.pop(run_id).counts
    _write(counts)


def _write(counts: Counter[Use]) -> None:
    try:
        BudgetUse.objects.add(counts)
        _forget_old(max((use.hour for use in counts), default=None))
    except DatabaseError:  # no run fails because its calls are not counted
        logger.warning("%d calls of venues were not counted.", counts.total(), exc_info=True)


_forgotten_at: datetime | None = None


def _forget_old(hour: datetime | None) -> None:
    """Delete what is old, once an hour in each process."""
    global _forgotten_at
    if hour is not None and hour != _forgotten_at:
        _forgotten_at = hour
        BudgetUse.objects.filter(hour__lt=hour - KEPT).delete()
