"""A process that calls a venue from many threads at once, each from an opened venue of its own.

python -m tests.prices.calling VENUE THREADS CALLS_OF_EACH
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import django

LAST = datetime(2026, 3, 11, tzinfo=UTC)
ASKED_FOR = {"upbit": ("KRW-BTC", "1h", 1), "kis": ("005930", "1d", 24)}  # of so many hours


def call(name: str, calls: int) -> int:
    from prices.opening import open_venue
    from prices.venues.base import CandleQuery

    venue_id, interval, hours = ASKED_FOR[name]
    since = LAST - timedelta(hours=hours)
    query = CandleQuery(venue_id=venue_id, interval=interval, since=since, until=LAST)
    with closing(open_venue(name)) as venue:
        return sum(len(page.candles) for _ in range(calls) for page in venue.candles(query))


def main(name: str, threads: int, calls: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    with ThreadPoolExecutor(threads) as pool:
        candles = sum(pool.map(call, [name] * threads, [calls] * threads))
    sys.stdout.write(f"{candles} candles\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
