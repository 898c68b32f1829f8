"""The headers of CoinTracking's balance exports in other languages: told by the place of columns.

No list of translations: what is in which column is the same in all languages, and the currencies
in the header are their codes everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CODE = re.compile("(?<![A-Za-z0-9])[A-Z][A-Z0-9]{2,9}(?![A-Za-z0-9])")  # USD, of "USDでの価値", too
CURRENT_BALANCE = ("Ticker", "Name", "Type", "Amount")  # then values, shares and prices
BY_EXCHANGE_WIDTH = 5


def in_english(header: Sequence[str]) -> tuple[str, ...] | None:
    """Return the header as an English export has it; None if it is none of a balance."""
    codes = [_code_of(name) for name in header]
    if len(header) == BY_EXCHANGE_WIDTH and codes[3] == "BTC" and _has_only(codes, (2, 3)):
        values = (f"Current value in {codes[2]}", "Current value in BTC")
        return ("Amount", "Currency", *values, "Exchange")
    first = len(CURRENT_BALANCE)  # of the columns with values: in the currency, then in BTC
    currency, *others = codes[first:] or [""]
    if not currency or any(codes[:first]) or "BTC" not in (currency, *others[:1]):
        return None
    names = [*CURRENT_BALANCE, f"Value in {currency}", *header[first + 1 :]]
    if currency in others:
        names[len(names) - 1 - codes[::-1].index(currency)] = f"Price in {currency}"
    return tuple(names)


def _code_of(name: str) -> str:
    found = CODE.search(name)
    return found[0] if found else ""


def _has_only(codes: Sequence[str], places: Sequence[int]) -> bool:
    return all(bool(code) == (place in places) for place, code in enumerate(codes))
