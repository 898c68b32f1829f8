"""Writing candles: what is new or changed is written, everything else is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db import connection, transaction

from prices.models import Instrument
from prices.store import postgresql, sqlite
from prices.store.coverage import cover
from prices.store.series import Row, Series, Written, rows_of
from prices.venues.base import VenueCandle

CHUNK = 50_000  # candles in one transaction, and in memory
Writer = Callable[[Series, list[Row], datetime], Written]
WRITERS: dict[str, Writer] = {"postgresql": postgresql.write, "sqlite": sqlite.write}


def write_candles(
    series: Series,
    candles: Iterable[VenueCandle],
    *,
    fetched_at: datetime,
    asked: tuple[datetime, datetime] | None = None,
) -> Written:
    """Store candles, of which each opens after the one before it; return what came of them.

    An unfinished candle never replaces a final one, nor does one that was fetched earlier. A final
    one that changes leaves a revision. Candles are read as they are needed, so an iterator of a
    million takes no more memory than CHUNK of them.

    asked  the window [starts_at, ends_at) of openings of which these are all; covered at the end

    Raise InvalidCandle; the chunks before are stored then, and nothing is covered.
    """
    written, unfinished_at = Written(), None
    for chunk in _chunks(rows_of(series, candles)):
        with transaction.atomic():
            _hold(series.instrument)
            written += WRITERS[connection.vendor](series, chunk, fetched_at)
        if unfinished_at is None:
            unfinished_at = next((row[0] for row in chunk if not row[-1]), None)
    if asked is not None:
        starts_at, ends_at = asked
        with transaction.atomic():
            _hold(series.instrument)
            cover(series, starts_at, min(ends_at, unfinished_at or ends_at))
    return written


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _hold(instrument: Instrument) -> None:
    """Let one transaction at a time write candles of the instrument. SQLite has but one writer."""
    Instrument.objects.select_for_update(no_key=True).get(pk=instrument.pk)
