"""Write all that belongs to a user to files: a file for each kind of row, whatever its size."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TextIO

from django.contrib.auth.models import AbstractBaseUser

from snapshots.belongings.kinds import KINDS, rows_of
from snapshots.cells import cell_of
from snapshots.figures import plain

Form = Literal["json", "csv"]
ABOUT = "export.json"  # written last: an export that lacks it is not whole
LEFT_OUT = {"uploads": {"data"}}  # the files themselves: their owner has them
TELLING = ("key", "secret", "token", "password", "credential")
HIDDEN = "(not exported)"
AT_ONCE = 2000  # rows in memory


class CannotExport(Exception):
    """There is something in the way, or it cannot be written."""


def export_belongings(
    user: AbstractBaseUser, directory: Path, form: Form, *, now: datetime
) -> dict[str, int]:
    """Write the files into `directory`, and return how many rows of each kind there are.

    Numbers are exact texts, instants ISO in UTC; no credential is among it. Only their owner
    may read the files. Raise CannotExport if one of them is there already, or cannot be written;
    then nothing is left behind.
    """
    paths = {kind: directory / f"{kind}.{form}" for kind in KINDS} | {"": directory / ABOUT}
    _refuse_overwriting(paths.values())
    written: list[Path] = []
    is_whole = False
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        counts = {}
        for kind in KINDS:
            with _new_file(paths[kind], written) as file:
                counts[kind] = _write(kind, user.pk, form, file)
        with _new_file(paths[""], written) as file:
            file.write(_about(user, form, counts, now))
        is_whole = True
    except OSError as exc:
        raise CannotExport(f"{exc}. Nothing is left of the export.") from exc
    finally:  # also after Ctrl-C
        if not is_whole:
            for path in written:
                path.unlink(missing_ok=True)
    return counts


def _about(user: AbstractBaseUser, form: Form, counts: dict[str, int], now: datetime) -> str:
    said = {"user": user.get_username(), "exported_at": _text(now), "format": form, "rows": counts}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _refuse_overwriting(paths: Iterable[Path]) -> None:
    there = [path.name for path in paths if path.exists()]
    if there:
        raise CannotExport(
            f"There is an export already: {', '.join(there)}. Nothing was written. Name another "
            "directory, or take these away."
        )


def _new_file(path: Path, written: list[Path]) -> TextIO:
    """Open a file that was not there, for its owner only."""
    file = open(  # noqa: SIM115 (who asks closes it)
        path,
        "x",
        encoding="utf-8",
        newline="",
        opener=lambda name, flags: os.open(name, flags, 0o600),
    )
    written.append(path)
    return file


def _write(kind: str, owner_id: int, form: Form, file: TextIO) -> int:
    columns = _columns(kind)
    rows = _rows(kind, owner_id, columns)
    return _write_csv(columns, rows, file) if form == "csv" else _write_json(columns, rows, file)


def _columns(kind: str) -> list[str]:
    fields = KINDS[kind][0]._meta.concrete_fields
    return [field.attname for field in fields if field.attname not in LEFT_OUT.get(kind, ())]


def _rows(kind: str, owner_id: int, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    found = rows_of(kind, owner_id).values_list(*columns)
    for row in found.iterator(chunk_size=AT_ONCE):
        yield tuple(
            _without_secrets(value) if (kind, name) == ("accounts", "settings") else value
            for name, value in zip(columns, row, strict=True)
        )


def _write_json(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], file: TextIO) -> int:
    """Write a list with one row in a line."""
    count = 0
    file.write("[")
    for row in rows:
        document = dict(zip(columns, map(_text, row), strict=True))
        file.write(",\n" if count else "\n")
        file.write(json.dumps(document, ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count


def _write_csv(columns: Sequence[str], rows: Iterator[tuple[Any, ...]], file: TextIO) -> int:
    count = 0
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(columns)
    for row in rows:
        lines.writerow(map(_cell, row))
        count += 1
    return count


def _cell(value: Any) -> Any:
    """Return a cell; only a text that people or sources wrote may look like a formula."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return cell_of(value) if isinstance(value, (str, bool)) else _text(value)


def _text(value: Any) -> Any:
    """Return what JSON has a word for: exact numbers and instants as texts."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _without_secrets(settings: Any) -> Any:
    """Hide what somebody put among the settings of an account, where no secret belongs."""
    if not isinstance(settings, Mapping):
        return settings
    return {
        name: HIDDEN
        if any(word in str(name).lower() for word in TELLING)
        else _without_secrets(value)
        for name, value in settings.items()
    }
