"""What was asked and answered, and what was not."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from prices.models import Candle, Coverage
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


def forget(series: Series) -> None:
    """Remember no window of the series any more, so that all of it is asked for again."""
    _of(series).delete()


def answered_until(series: Series, before: datetime | None = None) -> datetime | None:
    """Return where the last window ends, of those that end at `before` or earlier; None: no one."""
    windows = _of(series) if before is None else _of(series).filter(ends_at__lte=before)
    return windows.order_by("-ends_at").values_list("ends_at", flat=True).first()


def known_since(series: Series) -> datetime | None:
    """Return where the series begins: its first window or candle; None if it has neither."""
    window = _of(series).order_by("starts_at").values_list("starts_at", flat=True).first()
    candles = Candle.objects.filter(instrument=series.instrument, interval=series.interval)
    opened_at = candles.order_by("opened_at").values_list("opened_at", flat=True).first()
    return min((at for at in (window, opened_at) if at), default=None)


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
