"""Candles of one series into the database and out of it, beside Django and the bare database.

All in one process and one table, with its constraints: first the bare database, then ours, then
Django's bulk_create with a tenth of the candles, which takes as long.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from benchmarks.past import settle
from prices.models import Candle, Instrument
from prices.selectors import candle_arrays
from prices.store import Series, Written, postgresql, sqlite, write_candles
from prices.store.series import VALUES, rows_of
from prices.venues.base import VenueCandle

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BATCH = 1000  # candles in one statement of bulk_create
READ = 100_000  # candles, READS times
READS = 5


def candles(count: int) -> dict[str, float]:
    """Write `count` candles: bare, never asked, again, a hundredth changed, amid others; read."""
    made = make(count)
    changed = [
        replace(c, close=c.high) if number % 100 == 0 else c for number, c in enumerate(made)
    ]
    window = (BEGINNING, BEGINNING + count * MINUTE)
    ours, amid, django = new_series(), new_series(), new_series()
    write_candles(amid, made[:: max(1, min(1000, count // 2))], fetched_at=FETCHED)
    few = made[: max(1, count // 10)]
    figures = {
        "bare": of(count, lambda: write_bare(new_series(), made)),
        "never asked": of(count, lambda: store(ours, made, asked=window)),
        "amid others": of(count, lambda: store(amid, made)),
        "unchanged": of(count, lambda: store(ours, made, asked=window)),
        "a hundredth changed": of(count, lambda: store(ours, changed, asked=window)),
        "bulk_create, new": of(len(few), lambda: bulk_create(django, few)),
        "bulk_create, unchanged": of(len(few), lambda: bulk_create(django, few)),
    }
    settle()
    read = min(count, READ) * READS
    figures["read as arrays"] = of(read, lambda: read_arrays(ours, count))
    figures["read as models"] = of(read, lambda: read_models(ours))
    return {f"{name}, per second": figure for name, figure in figures.items()}


def make(count: int) -> list[VenueCandle]:
    """Make candles of a busy pair; the same each time."""
    dice = random.Random(1)  # noqa: S311
    return [candle(dice, number) for number in range(count)]


def candle(dice: random.Random, number: int) -> VenueCandle:
    price = dice.randrange(10**9, 10**10)
    return VenueCandle(
        opened_at=BEGINNING + number * MINUTE,
        open=Decimal(price) / 100,
        high=Decimal(price + 500) / 100,
        low=Decimal(price - 500) / 100,
        close=Decimal(price + 3) / 100,
        volume=Decimal(dice.randrange(10**12)) / 10**8,
        quote_volume=Decimal(dice.randrange(10**17)) / 10**5,
        is_final=True,
    )


def new_series() -> Series:
    number = Instrument.objects.count()
    instrument = Instrument.objects.create(
        venue="benchmark", venue_id=str(number), symbol="BTC/KRW", kind="crypto",
        base_currency="BTC", quote_currency="KRW",
    )  # fmt: skip
    return Series(instrument, "1m")


def of(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def write_bare(series: Series, made: Sequence[VenueCandle]) -> None:
    """Write all in one COPY, or by Django's plain bulk_create on SQLite: nothing is compared."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            postgresql.copy_in(series, rows_of(series, made), FETCHED)
        else:
            Candle.objects.bulk_create(models_of(series, made), batch_size=BATCH)


def store(
    series: Series, made: Sequence[VenueCandle], asked: tuple[datetime, datetime] | None = None
) -> Written:
    return write_candles(series, made, fetched_at=FETCHED, asked=asked)


def bulk_create(series: Series, made: Sequence[VenueCandle]) -> None:
    Candle.objects.bulk_create(
        models_of(series, made),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=sqlite.KEY,
        update_fields=[*VALUES, "fetched_at"],
    )


def models_of(series: Series, made: Sequence[VenueCandle]) -> list[Candle]:
    return [
        Candle(
            instrument=series.instrument,
            interval=series.interval,
            opened_at=c.opened_at,
            fetched_at=FETCHED,
            **{name: getattr(c, name) for name in VALUES},
        )
        for c in made
    ]


def read_arrays(series: Series, count: int) -> None:
    ends_at = BEGINNING + min(count, READ) * MINUTE
    for _ in range(READS):
        candle_arrays(series.instrument, series.interval, starts_at=BEGINNING, ends_at=ends_at)


def read_models(series: Series) -> None:
    for _ in range(READS):
        list(series.stored(BEGINNING, BEGINNING + (READ - 1) * MINUTE))
