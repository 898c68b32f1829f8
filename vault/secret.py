"""A text that shows itself to nobody by accident."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from vault import cipher
from vault.exceptions import CannotDecrypt

HIDDEN = "••••••"


class Secret:
    """A text that only `reveal()` gives. Printed, logged, in JSON or a traceback it is hidden.

    One that comes from the database is decrypted when it is revealed, so that rows can be listed
    and saved also without its key.
    """

    __slots__ = ("_stored", "_text", "_where")

    def __init__(self, text: str) -> None:
        self._text: str | None = text
        self._stored: str | None = None
        self._where = ""

    @classmethod
    def from_stored(cls, stored: str, where: str = "A secret") -> Self:
        """Return the secret that is stored as `stored`; it may turn out to be unreadable.

        where  begins the message in that case
        """
        secret = cls.__new__(cls)
        secret._text, secret._stored, secret._where = None, stored, where
        return secret

    def reveal(self) -> str:
        """Return the text. Raise CannotDecrypt if it was stored under another key."""
        if self._text is not None:
            return self._text
        try:
            return cipher.decrypt(self.stored())
        except CannotDecrypt as exc:
            raise CannotDecrypt(f"{self._where} cannot be read. {exc}") from exc

    def stored(self) -> str:
        """Return the text as it is stored: encrypted once, then always the same."""
        if self._stored is None:
            self._stored = cipher.encrypt(self._text or "")
        return self._stored

    def is_current(self) -> bool:
        """Tell whether it is stored under the first key. Raise CannotDecrypt if under none."""
        return cipher.is_current(self.stored())

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled: pass on the row that has it.")
