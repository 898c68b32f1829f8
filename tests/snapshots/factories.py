"""Accounts, exports and run contexts for the tests of snapshots."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from django.contrib.auth.models import User

from scheduling.context import RunContext, RunInfo
from snapshots.models import Account
from tests.factories import make_user

WRITTEN_AT = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)
SCHEDULED_AT = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)  # 14:30 in Zurich

HEADER = '"Ticker";"Name";"Type";"Amount";"Value in USD";"Value in BTC";"Price in USD"'
ROWS = (
    '"BTC";"Bitcoin";"Coin";"0.50000000";"47000.50";"0.50000000";"94001.00000000"',
    '"SOL2";"Solana";"Coin";"10.00000000";"1500.00";"0.01595700";"150.00000000"',
    '"PEPE4";"Pepe";"Coin";"36000000.17000002";"360.00";"0.00382974";"0.00001000"',
    '"EUR";"Euro";"Currency";"100.00000000";"108.23";"0.00115137";"1.08230000"',
    '"SHIB";"Shiba Inu";"Coin";"20000.00000000";"0.25";"0.00000265";"0.00001250"',
    '"LUNC";"Terra Classic";"Coin";"-61944.58000000";"-3.60";"-0.00003829";"0.00005812"',
)
TOTAL = "48965.38"  # of ROWS


def current_balance(*rows: str, header: str = HEADER) -> str:
    """Return the text of a "Current Balance" export."""
    return "\r\n".join((header, *(rows or ROWS), ""))


def write_export(path: Path, text: str | bytes = "", *, at: datetime = WRITTEN_AT) -> Path:
    """Write an export, a "Current Balance" unless told otherwise, as of `at`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = (text or current_balance()).encode() if isinstance(text, str) else text
    path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def make_account(owner: User | None = None, **overrides: Any) -> Account:
    """Make an account that reads `balance.csv` under DATA_DIR."""
    values = {"name": "Main", "source": "cointracking", "settings": {"path": "balance.csv"}}
    account, _ = Account.objects.ensure(owner=owner or make_user("jack"), **(values | overrides))
    return account


class Recorded:
    """Keeps what a run reports, as the engine's recorder does."""

    def __init__(self) -> None:
        self.progress_reports: list[dict[str, Any]] = []
        self.artifacts: dict[str, bytes] = {}

    def progress(self, run_id: int, progress: dict[str, Any]) -> None:
        self.progress_reports.append(progress)

    def artifact(self, run_id: int, name: str, content: bytes, content_type: str) -> None:
        self.artifacts[name] = content


def make_context(
    *, scheduled_at: datetime = SCHEDULED_AT, recorded: Recorded | None = None, **run: Any
) -> RunContext:
    """Return what a task gets; `run` overrides what it knows of its run."""
    values: dict[str, Any] = {
        "id": 7,
        "job_key": "pnl_intraday",
        "task": "snapshots.pnl_snapshot",
        "origin": "manual",
        "attempt": 1,
        "owner_id": None,
        "requested_by_id": None,
    }
    return RunContext(
        run=RunInfo(scheduled_at=scheduled_at, **(values | run)),
        log=logging.getLogger("snapshots.pnl_snapshot"),
        recording=recorded or Recorded(),
        stop=Event(),
    )
