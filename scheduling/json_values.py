"""What JSON can carry and a database cannot hold."""

from __future__ import annotations

import math
from typing import Any

MAX_DEPTH = 32  # levels of lists and objects
MAX_DIGITS = 400  # of a whole number; no float is longer


def flaw_in(value: Any, depth: int = 0) -> str:
    """Say why `value` cannot be stored on SQLite and PostgreSQL alike; empty if it can."""
    if isinstance(value, str):
        return _flaw_in_text(value)
    if isinstance(value, float):
        return "" if math.isfinite(value) else "The number is too large."
    if isinstance(value, int):
        return "" if abs(value) < 10**MAX_DIGITS else "The number is too large."
    if not isinstance(value, list | dict):
        return ""
    if depth == MAX_DEPTH:
        return f"Nested too deeply; use at most {MAX_DEPTH} levels."
    items = [*value, *value.values()] if isinstance(value, dict) else value
    return next((flaw for item in items if (flaw := flaw_in(item, depth + 1))), "")


def _flaw_in_text(text: str) -> str:
    if "\x00" in text:
        return "Text must not hold the NUL character."
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "Text must not hold half of a surrogate pair."
    return ""
