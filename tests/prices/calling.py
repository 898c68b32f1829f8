"""A process that calls a venue from many threads at once, each from an opened venue of its own.

python -m tests.prices.calling THREADS CALLS_OF_EACH
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import django

LAST = datetime(2026, 3, 11, tzinfo=UTC)


def call(calls: int) -> int:
    from prices.opening import open_venue
    from prices.venues.base import CandleQuery

    query = CandleQuery(
        venue_id="KRW-BTC", interval="1h", since=LAST - timedelta(hours=1), until=LAST
    )
    with closing(open_venue("upbit")) as venue:
        return sum(len(page.candles) for _ in range(calls) for page in venue.candles(query))


def main(threads: int, calls: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    with ThreadPoolExecutor(threads) as pool:
        candles = sum(pool.map(call, [calls] * threads))
    sys.stdout.write(f"{candles} candles\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
