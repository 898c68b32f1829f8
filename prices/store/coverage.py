"""What was asked and answered, and what was not."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from prices.models import Coverage
from prices.store.series import Series


def cover(series: Series, starts_at: datetime, ends_at: datetime) -> None:
    """Remember that openings in [starts_at, ends_at) were answered; merge what meets it."""
    if starts_at >= ends_at:
        return
    met = _of(series).filter(starts_at__lte=ends_at, ends_at__gte=starts_at)
    windows = list(met.values_list("starts_at", "ends_at"))
    if len(windows) == 1 and windows[0][0] <= starts_at and ends_at <= windows[0][1]:
        return
    merged = Coverage(
        instrument=series.instrument,
        interval=series.interval,
        starts_at=min([starts_at, *(start for start, _ in windows)]),
        ends_at=max([ends_at, *(end for _, end in windows)]),
    )
    met.delete()
    merged.save(force_insert=True)


def gaps(series: Series, starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
    """Return the windows within [starts_at, ends_at) that nobody asked about, in order."""
    found, reached = [], starts_at
    met = _of(series).filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    for window in met.order_by("starts_at"):
        if window.starts_at > reached:
            found.append((reached, window.starts_at))
        reached = window.ends_at
    return found if reached >= ends_at else [*found, (reached, ends_at)]


def _of(series: Series) -> QuerySet[Coverage]:
    return Coverage.objects.filter(instrument=series.instrument, interval=series.interval)
