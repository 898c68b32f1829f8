"""Read a file that somebody exported and may be replacing right now."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snapshots.sources.base import InvalidSettings, InvalidStatement, SourceUnavailable
from snapshots.sources.surroundings import StoredFile, Surroundings

MAX_BYTES = 10 * 1024 * 1024
WORKBOOK = b"PK\x03\x04"  # what a ZIP, and so an XLSX, begins with


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The text of an export, and when it was written (UTC)."""

    name: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class GivenFile:
    """The file of an account: at a path, or else the newest that was uploaded."""

    path: Path | None
    newest: Callable[[], StoredFile | None]

    @classmethod
    def configured(
        cls, settings: Mapping[str, Any], around: Surroundings, *, kinds: tuple[str, ...], what: str
    ) -> GivenFile:
        """Read `path` from the settings: relative to DATA_DIR, or absolute. Raise InvalidSettings.

        kinds  how names may end
        what   is expected, for people
        """
        if "path" not in settings:
            return cls(None, around.newest_file)
        path = settings["path"]
        if not isinstance(path, str) or not path.lower().endswith(kinds) or "\0" in path:
            raise InvalidSettings(
                f"'path' in the account's settings is {what}, such as 'positions{kinds[0]}' "
                f"(relative to {around.data_dir}). Without it, upload the file."
            )
        return cls(around.data_dir / path, around.newest_file)

    def read(self) -> StoredFile:
        """Return the file. Raise SourceUnavailable, or InvalidStatement if it is too large."""
        if self.path is not None:
            return read_file(self.path)
        file = self.newest()
        if file is None:
            raise SourceUnavailable(
                "Nobody has uploaded a file for this account. Upload one, or set 'path' in its "
                "settings."
            )
        return file


def read_export(path: Path, *, max_bytes: int = MAX_BYTES) -> ExportFile:
    """Return the text at `path` as it was at one moment.

    Raise SourceUnavailable if it is missing or is being written, InvalidStatement if it is
    empty, too large or no UTF-8 text.
    """
    return as_text(read_file(path, max_bytes=max_bytes))


def as_text(file: StoredFile) -> ExportFile:
    """Return the text in `file`. Raise InvalidStatement if it is empty or no UTF-8 text."""
    return ExportFile(file.name, _decode(file.name, file.data), file.received_at)


def read_file(path: Path, *, max_bytes: int = MAX_BYTES) -> StoredFile:
    """Return the file at `path` as it was at one moment, as of when it was written."""
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
    written_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return StoredFile(name=path.name, data=data, received_at=written_at)


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
        if data.startswith(WORKBOOK):
            what = "this is a workbook. Export as CSV, or, of Saxo, let its name end in .xlsx."
        else:
            what = "the text is not UTF-8. Export it again, or save it as CSV UTF-8."
        raise InvalidStatement(f"{_place(name, data, exc.start)}: {what}") from exc
    if not text.strip():
        raise InvalidStatement(f"{name} is empty. Export it again.")
    if "\0" in text:
        place = _place(name, data, data.index(b"\0"))
        raise InvalidStatement(f"{place}: a zero byte. This is no text file.")
    return text


def _place(name: str, data: bytes, offset: int) -> str:
    line = data.count(b"\n", 0, offset) + 1
    return f"{name}, line {line}"
