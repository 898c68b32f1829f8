"""The secret key of an installation that was given none."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from project.environment import InvalidSetting, unwritable


def read_or_create_secret(path: Path) -> str:
    """Return the key in `path`, which is written on first use, readable by its owner only.

    Raise InvalidSetting if it cannot be read or written.
    """
    try:
        secret = _create(path) or path.read_text().strip()
    except OSError as exc:
        raise unwritable("DATA_DIR", path, exc.strerror) from exc
    if not secret:
        raise InvalidSetting(f"{path} is empty. Delete it, or set SECRET_KEY.")
    return secret


def _create(path: Path) -> str:
    """Return the key that was written, "" if there is a file already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return ""
    with os.fdopen(descriptor, "w") as file:
        secret = get_random_secret_key()
        file.write(secret)
    return secret
