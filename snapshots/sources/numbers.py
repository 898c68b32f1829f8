"""Read numbers as exports write them, and refuse what could mean two things."""

from __future__ import annotations

import re
from decimal import Decimal

# Commas are separators of thousands, and CoinTracking puts them anywhere: 1508,213,014.60514045.
# Without a decimal point, or behind it, a comma could be a decimal comma: that is refused.
NUMBER = re.compile(r"-?(?:[0-9][0-9,]*\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
LIMIT = Decimal(10) ** 18  # by magnitude; more is a broken file, and leaves no room for decimals
EXPECTED = "Expected a number with a decimal point, such as 1508,213,014.60514045 or -3.60"


def read_number(text: str) -> Decimal:
    """Return the number in `text`. Raise ValueError, with what is expected, if there is none."""
    if NUMBER.fullmatch(text) is None:
        raise ValueError(f"{shown(text)} is not a number. {EXPECTED}.")
    number = Decimal(text.replace(",", ""))
    if abs(number) >= LIMIT:
        raise ValueError(f"{shown(text)} is too large. Expected less than {LIMIT:,}.")
    return number


def shown(text: str, limit: int = 40) -> str:
    """Return `text` in quotes and cut, fit for a message."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
