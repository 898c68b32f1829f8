"""Collect the static files, when they are not the ones that were collected last."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_changed() -> bool:
    """Collect all static files if one was added, changed or removed; return whether so.

    A look at names, sizes and times takes milliseconds; to collect takes seconds.
    """
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    found = fingerprint()
    if stamp.exists() and stamp.read_text() == found:
        return False
    # clear: it would keep a copy that is younger than a source that was put back.
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(found)
    return True


def fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
