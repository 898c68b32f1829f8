"""Which exchanges ccxt knows, without importing it: it takes half a second and 70 MB."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def known_exchanges() -> frozenset[str]:
    """Return ccxt's names of them: it has one module each. Empty if it is not installed."""
    spec = find_spec("ccxt")
    folders = spec.submodule_search_locations if spec else None
    paths = [path for folder in folders or () for path in Path(folder).glob("[a-z]*.py")]
    return frozenset(path.stem for path in paths)


def nearest(name: str, known: frozenset[str], most: int = 3) -> list[str]:
    """Return the known names that `name` may have been meant as, the likeliest first."""
    lower = name.lower()
    begin = sorted(each for each in known if lower and each.startswith(lower[:4]))
    alike = get_close_matches(lower, known, n=most, cutoff=0.6)
    return list(dict.fromkeys([*alike, *begin]))[:most]
