"""Write numbers for people and for JSON: exact, without exponent and padding."""

from __future__ import annotations

from decimal import Decimal


def plain(number: Decimal, places: int = 0) -> str:
    """Return all digits of `number`, with at least so many decimal places.

    plain(Decimal("36000000.170000020000"), 2) is "36000000.17000002", and of 5 is "5.00".
    """
    whole, _, decimals = f"{number:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole
