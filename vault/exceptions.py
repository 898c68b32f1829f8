"""What keeps a secret from being stored or read."""

from __future__ import annotations


class VaultError(Exception):
    """Base class of what keeps a secret from being stored or read. Do not raise directly.

    No message ever quotes a key or a secret.
    """


class KeysUnusable(VaultError):
    """FIELD_ENCRYPTION_KEYS names no key, or something that is none."""


class CannotDecrypt(VaultError):
    """None of FIELD_ENCRYPTION_KEYS is the one that the value was encrypted with."""
