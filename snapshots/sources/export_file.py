"""Read a file that somebody exported and may be replacing right now."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from snapshots.sources.base import InvalidStatement, SourceUnavailable

MAX_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The text of an export, and when it was written (UTC)."""

    name: str
    text: str
    written_at: datetime


def read_export(path: Path, *, max_bytes: int = MAX_BYTES) -> ExportFile:
    """Return the file at `path` as it was at one moment.

    Raise SourceUnavailable if it is missing or is being written, InvalidStatement if it is
    empty, too large or no UTF-8 text.
    """
    try:
        data, status = _read_bytes(path, max_bytes)
    except FileNotFoundError as exc:
        raise SourceUnavailable(
            f"There is no file {path}. Export it there, or change 'path' in the account's settings."
        ) from exc
    except OSError as exc:
        raise SourceUnavailable(f"{path} cannot be read: {exc.strerror}.") from exc
    if len(data) > max_bytes:
        raise InvalidStatement(
            f"{path.name} has more than {max_bytes // 1024} KiB: this is no balance export."
        )
    if len(data) != status.st_size:
        raise SourceUnavailable(f"{path.name} is being written right now. Try again.")
    return ExportFile(
        name=path.name,
        text=_decode(path.name, data),
        written_at=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def _read_bytes(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result]:
    with open(path, "rb", opener=_without_waiting) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise InvalidStatement(f"{path} is no file. Set 'path' to the exported CSV file.")
        data = file.read(max_bytes + 1)
        after = os.fstat(file.fileno())
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise SourceUnavailable(f"{path.name} changed while it was read. Try again.")
    return data, after


def _without_waiting(path: str, flags: int) -> int:
    # A pipe at this path would otherwise be waited for without end. (Windows has no such flag.)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decode(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InvalidStatement(f"{_place(name, data, exc.start)}: the text is not UTF-8.") from exc
    if not text.strip():
        raise InvalidStatement(f"{name} is empty. Export it again.")
    if "\0" in text:
        place = _place(name, data, data.index(b"\0"))
        raise InvalidStatement(f"{place}: a zero byte. This is no text file.")
    return text


def _place(name: str, data: bytes, offset: int) -> str:
    line = data.count(b"\n", 0, offset) + 1
    return f"{name}, line {line}"
