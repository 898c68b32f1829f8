"""A line for each outcome, in `data/logs/snapshots.log` under DATA_DIR."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

PLACE = Path("data", "logs", "snapshots.log")
MAX_ERROR = 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a line is about.

    at       the slot, in the account's time zone
    kind     intraday or eod
    account  empty = the user has only one of this source
    """

    at: datetime
    kind: str
    user: str
    source: str
    account: str = ""

    def line(self, error: str = "") -> str:
        """Return `[2025-10-02 14:30:00] intraday OK - user=jack source=cointracking`."""
        named = {"user": self.user, "source": self.source, "account": self.account}
        named["error"] = error[:MAX_ERROR]
        pairs = " ".join(f"{name}={value}" for name, value in named.items() if value)
        outcome = "FAILED" if error else "OK"
        line = f"[{self.at:%Y-%m-%d %H:%M:%S}] {self.kind} {outcome} - {pairs}"
        # One outcome is one line, whatever a name or a message brings along.
        return " ".join(line.split())


class Noted:
    """Write how the block inside ends: `with Noted(entry, data_dir): ...`."""

    def __init__(self, entry: Entry, data_dir: Path, *, only_failure: bool = False) -> None:
        self._entry = entry
        self._path = data_dir / PLACE
        self._only_failure = only_failure

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        error = "" if kind is None else str(exc) or kind.__name__
        if error or not self._only_failure:
            append_line(self._path, self._entry.line(error))


def append_line(path: Path, line: str) -> None:
    """Add `line` to the file, whole also when several processes write at once.

    A file that cannot be written is a warning in the log: the snapshot itself counts.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, f"{line}\n".encode(errors="backslashreplace"))
        finally:
            os.close(descriptor)
    except OSError as exc:
        logger.warning("%s cannot be written (%s), so it lacks: %s", path, exc.strerror, line)
