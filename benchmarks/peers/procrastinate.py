"""procrastinate's measurement, with its worker at twenty tasks at once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

THREADS = 20  # as Daybook's default


def triggered(runs: int) -> dict[str, float]:
    """Defer one by one, from this process, until all are marked as succeeded."""
    url = os.environ["DATABASE_URL"]
    app = App(connector=SyncPsycopgConnector(conninfo=url))
    with app.open(), psycopg.connect(url, autocommit=True) as connection:
        app.schema_manager.apply_schema()
        noop = app.configure_task("noop")
        worker = subprocess.Popen([sys.executable, "-m", __spec__.name, "work"])  # noqa: S603
        try:
            noop.defer()
            until_succeeded(connection, 1)
            start = time.monotonic()
            for _ in range(runs):
                noop.defer()
            added = time.monotonic()
            until_succeeded(connection, runs + 1)
            took = time.monotonic() - start
        finally:
            worker.terminate()
            worker.wait()
    return {"runs per second": runs / took, "added per second": runs / (added - start)}


def until_succeeded(connection: psycopg.Connection[tuple[int]], count: int) -> None:
    question = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'"
    while connection.execute(question).fetchall()[0][0] < count:
        time.sleep(0.02)


async def work() -> None:
    app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))

    @app.task(name="noop")
    async def noop() -> None:
        pass

    async with app.open_async():
        await app.run_worker_async(concurrency=THREADS)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        asyncio.run(work())
    else:
        print(json.dumps(triggered(int(sys.argv[2]))))  # noqa: T201
