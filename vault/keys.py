"""What a key looks like: 32 random bytes in URL-safe base64, as Fernet wants them."""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence

SIZE = 32  # bytes
HOW_TO_MAKE = "head -c 32 /dev/urandom | base64 | tr '+/' '-_'"


def new_key() -> str:
    return urlsafe_b64encode(os.urandom(SIZE)).decode()


def is_key(text: str) -> bool:
    return re.fullmatch("[A-Za-z0-9_-]{43}=", text) is not None


def fault_of(keys: Sequence[str]) -> str:
    """Return what is wrong with the keys, without showing them; empty = nothing."""
    if not keys:
        return "There is no key."
    for number, key in enumerate(keys, start=1):
        if not is_key(key):
            return f"Number {number} of {len(keys)} is no key."
    return ""
