"""What only the owner of an installation may read: its keys and its database."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from project.environment import InvalidSetting, refuse_wrong_keys, unwritable
from vault.keys import new_key


def read_or_create_secret(path: Path) -> str:
    """Return the key in `path`, which is written on first use.

    Raise InvalidSetting if it cannot be read or written.
    """
    try:
        create_private(path, get_random_secret_key())
        secret = path.read_text().strip()
    except OSError as exc:
        raise unwritable("DATA_DIR", path, exc.strerror) from exc
    if not secret:
        raise InvalidSetting(f"{path} is empty. Delete it, or set SECRET_KEY.")
    return secret


def read_or_create_field_keys(path: Path) -> list[str]:
    """Return the keys in `path`, one a line; the first one is written on first use.

    Raise InvalidSetting if it cannot be read or written, or has a line that is no key.
    """
    try:
        create_private(path, f"{new_key()}\n")
        keys = path.read_text().split()
    except OSError as exc:
        raise unwritable("DATA_DIR", path, exc.strerror) from exc
    except UnicodeDecodeError:
        keys = [""]
    return refuse_wrong_keys(str(path), keys, "Restore it from a backup.")


def create_database_file(path: Path, *, setting: str) -> None:
    """Make an empty database, unless there is one. SQLite would let others on the machine read it.

    Raise InvalidSetting, which blames `setting`, if it cannot be made.
    """
    try:
        create_private(path, "")  # the files beside it, -wal and -shm, take its mode
    except OSError as exc:
        raise unwritable(setting, path, exc.strerror) from exc


def create_private(path: Path, content: str) -> None:
    """Write a file that its owner alone may read, unless there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
