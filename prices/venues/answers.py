"""Read an answer exactly: numbers become Decimals and never pass through a float."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from prices.venues.base import EPOCH, InvalidAnswer

MILLISECONDS = 10**14  # until the year 5138
SHOWN = 80  # characters of an answer in a message


def read_json(body: bytes, where: str) -> Any:
    """Return what the JSON says; a number with a point or an exponent is a Decimal.

    where  begins the message: venue and path

    Raise InvalidAnswer if it is no JSON: a page that says "maintenance", say.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise InvalidAnswer(f"{where} answered no JSON: {shown(body)}.") from exc


def read_rows(answer: Any, where: str) -> list[Mapping[str, Any]]:
    """Return a list of objects. Raise InvalidAnswer if the answer is something else."""
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise InvalidAnswer(f"{where} answered no list of objects: {shown(answer)}.")
    return answer


def read_text(row: Mapping[str, Any], name: str, where: str) -> str:
    """Return the text of a field. Raise InvalidAnswer if it is missing, empty or no text."""
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidAnswer(f"{where}: {name!r} is {shown(value)}, expected text.")
    return value.strip()


def read_number(row: Mapping[str, Any], name: str, where: str) -> Decimal:
    """Return the number of a field, with each digit that was sent.

    Raise InvalidAnswer if it is missing or no number; text is none.
    """
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise InvalidAnswer(f"{where}: {name!r} is {shown(value)}, expected a number.")
    return Decimal(value)


def read_number_in_text(row: Mapping[str, Any], name: str, where: str) -> Decimal | None:
    """Return the number that stands in a text, with each digit; None if the text is empty.

    Raise InvalidAnswer if it is missing, no text or no plain number: 1e5, NaN.
    """
    value = row.get(name)
    if isinstance(value, str) and re.fullmatch(
        r"(-?\d{1,30}(\.\d{1,30})?)?", value.strip(), re.ASCII
    ):
        return Decimal(value.strip()) if value.strip() else None
    raise InvalidAnswer(f"{where}: {name!r} is {shown(value)}, expected a number as text.")


def read_utc(row: Mapping[str, Any], name: str, where: str) -> datetime:
    """Return the instant of a field that is in UTC and has no zone of its own."""
    text = read_text(row, name, where)
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidAnswer(f"{where}: {name!r} is {shown(text)}, expected a time.") from exc


def read_milliseconds(row: Mapping[str, Any], name: str, where: str) -> datetime:
    """Return the instant of a field that counts milliseconds since 1970."""
    number = read_number(row, name, where)
    if not 0 <= number < MILLISECONDS:  # int() of 1e999999999 would not come to an end
        raise InvalidAnswer(f"{where}: {name!r} is {shown(number)}, expected a time.")
    return EPOCH + int(number) * timedelta(milliseconds=1)


def shown(value: object) -> str:
    """Return so much of a value as fits a message."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    whole = repr(text)
    return whole if len(whole) <= SHOWN else f"{whole[:SHOWN]}…"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number.")
