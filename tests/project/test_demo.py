from __future__ import annotations

import signal
import sqlite3
import sys
from pathlib import Path

import psutil

from prices.opening import VENUES
from project.demo import Venues, settings_of_its_own
from tests.installation import Installation
from tests.project.test_start import free_port

DEMO = (sys.executable, "-m", "project.demo")
TAKEN = "SELECT count(*) FROM snapshots_snapshot WHERE kind = 'intraday' AND status = 'accepted'"


def test_it_shows_made_up_accounts_and_touches_nothing_else(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    with Installation(real, f"sqlite:///{real}/mine.sqlite3") as installation:
        program = installation.launch(
            DEMO,
            PORT=str(free_port()),
            DEMO_DATA_DIR=str(tmp_path / "demo"),
            DEBUG="1",  # static files are not compressed
            WEB_CONCURRENCY="1",
            SCHEDULING_PROCESSES="1",
            SHUTDOWN_GRACE="0",
            SCHEDULING_STOP_GRACE="0",
            UPBIT_URL="https://upbit.invalid",
        )
        for account in ("Coins", "Broker", "Korea", "Pension", "Savings"):
            program.wait_for(f" of {account} (", seconds=60)
        family = psutil.Process(program.pid).children(recursive=True)
        program.send_signal(signal.SIGINT)

        assert program.wait(30) == 0
    assert not [process for process in family if lives(process)]
    assert [path.name for path in real.iterdir()] == [program.log.name]
    with sqlite3.connect(tmp_path / "demo" / "daybook.sqlite3") as database:
        assert database.execute(TAKEN).fetchone() == (5,)


def lives(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_each_venue_and_source_that_is_called_is_made_up() -> None:
    with Venues() as venues:
        given = venues.settings

    names = [*VENUES, "cointracking", "saxo", "saxo_login"]
    names += [f"ccxt_{name}" for name in given["CCXT_EXCHANGES"].split(",")]
    addresses = {name: given.get(f"{name.upper()}_URL", "") for name in names}
    assert all(url.startswith("http://127.0.0.1:") for url in addresses.values()), addresses


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    own = settings_of_its_own(tmp_path)

    assert (own["HOST"], own["DATABASE_URL"], own["DATA_DIR"]) == ("127.0.0.1", "", str(tmp_path))
