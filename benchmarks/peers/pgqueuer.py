"""pgqueuer's measurement, with a worker as its README shows it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import asyncpg
from pgqueuer import Job, PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries


async def triggered(runs: int) -> dict[str, float]:
    """Enqueue one by one, from this process; done jobs leave the table for a log of their own."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    worker = subprocess.Popen([sys.executable, "-m", __spec__.name, "work"])  # noqa: S603
    try:
        await queries.enqueue("noop", b"")
        await until_empty(connection)
        start = time.monotonic()
        for _ in range(runs):
            await queries.enqueue("noop", b"")
        added = time.monotonic()
        await until_empty(connection)
        took = time.monotonic() - start
    finally:
        worker.terminate()
        worker.wait()
    return {"runs per second": runs / took, "added per second": runs / (added - start)}


async def until_empty(connection: asyncpg.Connection) -> None:
    while await connection.fetchval("SELECT count(*) FROM pgqueuer"):
        await asyncio.sleep(0.02)


async def work() -> None:
    queuer = PgQueuer(AsyncpgDriver(await asyncpg.connect(os.environ["DATABASE_URL"])))

    @queuer.entrypoint("noop")
    async def noop(job: Job) -> None:
        pass

    await queuer.run(batch_size=10)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        asyncio.run(work())
    else:
        print(json.dumps(asyncio.run(triggered(int(sys.argv[2])))))  # noqa: T201
