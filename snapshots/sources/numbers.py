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


# What exports write for no number, and between thousands: blanks of all widths, apostrophes.
NOTHING = ("", "-", "\u2013", "\u2014")
BETWEEN = re.compile("[\\s'\u2019]")
WITH_UNIT = re.compile(r"(-?[0-9.,]*[0-9])(?:[A-Z]{3}|%)?")


def read_localised(text: str) -> Decimal | None:
    """Return the number in a text such as `8 679 USD`, `11,61%` or `1.234,50`; None: no number.

    Raise ValueError if it could be two numbers: 1,234.
    """
    bare = BETWEEN.sub("", text).replace("\u2212", "-")
    if bare in NOTHING:
        return None
    found = WITH_UNIT.fullmatch(bare)
    if found is None:
        raise ValueError(f"{shown(text)} is not a number.")
    whole, mark, decimals = _parted(found[1])
    if mark == "," and len(decimals) == 3 and len(whole.lstrip("-")) <= 3 and "." not in whole:
        raise ValueError(f"{shown(text)} could be two numbers. Export with a decimal point.")
    digits = re.sub("[.,]", "", whole)
    return read_number(f"{digits}.{decimals}" if decimals else digits)


def _parted(number: str) -> tuple[str, str, str]:
    """Return what stands before the last point or comma, which one it is, and what follows.

    One that stands twice, or before groups of three after another mark, parts thousands.
    """
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return number, "", ""
    mark = number[last]
    if number.count(mark) > 1:
        return number, "", ""
    return number[:last], mark, number[last + 1 :]
