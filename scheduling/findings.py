"""What other apps have to say about how their data is, on the pages that show health.

`scheduling` knows no other app: an app registers the dotted path of a function in its `ready()`,
and it is imported when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is.

    tone  good = as it should be; warn = some of it is not; bad = look at it now
    url   where to see more; empty = nowhere
    """

    subject: str
    tone: Literal["good", "warn", "bad"]
    words: str
    url: str = ""


Finder = Callable[[datetime], Iterable[Finding]]
_FINDERS: dict[str, str] = {}


def register_finder(path: str, *, permission: str) -> None:
    """Let the function at `path` (it takes the time) tell those who have the permission."""
    _FINDERS[path] = permission


def find_all(now: datetime, has_permission: Callable[[str], bool]) -> list[Finding]:
    """Return what all finders tell that this person may see."""
    found: list[Finding] = []
    for path, permission in _FINDERS.items():
        if has_permission(permission):
            finder: Finder = import_string(path)
            found.extend(finder(now))
    return found
