"""Encrypt and decrypt with FIELD_ENCRYPTION_KEYS: the first one encrypts, all decrypt."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings

from vault.exceptions import CannotDecrypt, KeysUnusable
from vault.keys import HOW_TO_MAKE, fault_of

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

# 9 MB, which a process without a secret does without.
LIBRARY = "cryptography.fernet"


def encrypt(text: str) -> str:
    """Return the text as it is stored, different each time. Raise KeysUnusable."""
    return _fernets()[0].encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the text of what `encrypt` gave. Raise CannotDecrypt, or KeysUnusable."""
    return _opened(stored)[1]


def is_current(stored: str) -> bool:
    """Tell whether the first key has encrypted it. Raise CannotDecrypt if none has."""
    return _opened(stored)[0] == 0


def _opened(stored: str) -> tuple[int, str]:
    """Return which key opens it, counted from 0, and what is inside."""
    invalid = import_module(LIBRARY).InvalidToken
    for number, fernet in enumerate(_fernets()):
        try:
            return number, fernet.decrypt(stored.encode()).decode()
        except invalid:
            continue
    raise CannotDecrypt(
        "None of FIELD_ENCRYPTION_KEYS is the key that encrypted it, or it is damaged. "
        "Add the key that it was encrypted with."
    )


def _fernets() -> tuple[Fernet, ...]:
    return _fernets_of(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _fernets_of(keys: tuple[str, ...]) -> tuple[Fernet, ...]:
    fault = fault_of(keys)
    if fault:
        raise KeysUnusable(f"FIELD_ENCRYPTION_KEYS: {fault} Make one with: {HOW_TO_MAKE}")
    make = import_module(LIBRARY).Fernet
    return tuple(make(key) for key in keys)
