"""Write numbers for people and for JSON: exact, without exponent and padding."""

from __future__ import annotations

from decimal import Decimal

CENT = Decimal("0.01")


def plain(number: Decimal, places: int = 0) -> str:
    """Return all digits of `number`, with at least so many decimal places.

    plain(Decimal("36000000.170000020000"), 2) is "36000000.17000002", and of 5 is "5.00".
    """
    whole, _, decimals = f"{number:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole


def readable(number: Decimal, sign: str = "") -> str:
    """Return an amount of money with cents; what is less than one, but not 0, with two digits.

    sign  "+" = gains have one, too
    """
    if 0 < abs(number) < CENT:
        return f"{sign if number > 0 else ''}{plain(Decimal(f'{number:.1e}'))}"
    return f"{number:{sign},.2f}"
