"""Each benchmark still runs, at a tiny size: figures come out, whatever they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS, DAYBOOK, PEER, settings_of
from benchmarks.marks import VARIABLE
from benchmarks.waiting import HURRY
from tests.house.tree import ROOT

TINY = {
    "burst": 5, "triggered": 5, "triggered-at-once": 1000, "pending": 20, "isolated": 2,
    "schedules": 5, "edits": 2, "triggers": 2, "history": 500,
    "candles": 50, "portfolio": 2000,
}  # fmt: skip
WORKS = {work[0]: peer_can for works in BENCHMARKS.values() for work, peer_can in works}
CASES = [(DAYBOOK, work) for work in WORKS] + [(PEER, work) for work in WORKS if WORKS[work]]
DATABASE = "benchmark.sqlite3"
AT_ONCE = 4  # they wait more than they work


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    template = tmp_path_factory.mktemp("template")
    run(template, DAYBOOK, "burst", "manage.py", "migrate")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {
            f"{system} {work}": threads.submit(
                measure, system, work, tmp_path_factory.mktemp(f"{system}-{work}"), template
            )
            for system, work in CASES
        }


def measure(
    system: str, work: str, directory: Path, template: Path
) -> subprocess.CompletedProcess[str]:
    if system == DAYBOOK:  # tables take longer to make than the work
        copyfile(template / DATABASE, directory / DATABASE)
    return run(directory, system, work, "-m", "benchmarks.run", system, work, str(TINY[work]))


def run(directory: Path, system: str, work: str, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        HURRY: "1",
        "DATABASE_URL": f"sqlite:///{directory / DATABASE}",
        "DATA_DIR": str(directory),
        "DEBUG": "1",  # static files are not compressed
        "DJANGO_SETTINGS_MODULE": settings_of(system, work),
        "EXTRA_APPS": "benchmarks",
        VARIABLE: str(directory / "marks"),
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(("system", "work"), CASES)
def test_gives_figures(system: str, work: str, processes: dict[str, Any]) -> None:
    done = processes[f"{system} {work}"].result()

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures
    assert all(isinstance(value, float) for value in figures.values())
