"""What a row of a file says: instants and numbers, exactly or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from prices.models.decimals import LIMIT
from prices.venues.base import EPOCH, VenueCandle

GRACE = timedelta(minutes=2)  # after its end a candle may still have changed
MICROSECOND = timedelta(microseconds=1)
# Digits of a count since 1970 and what one is: seconds, ms, us, ns.
UNITS = {9: 10**6, 10: 10**6, 12: 1000, 13: 1000, 15: 1, 16: 1}
NANOSECOND_DIGITS = (18, 19)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
COUNT = re.compile(r"(\d{9,19})(\.0*)?", re.ASCII)
NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume")
FINALS = {"1": True, "true": True, "0": False, "false": False}


class Raw(NamedTuple):
    """A row as the file has it: text, numbers or instants; None = the file has no such column.

    place  "line 5" of a text, "row 5" of a table
    """

    place: str
    opened_at: Any
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    quote_volume: Any = None
    is_final: Any = None


class InvalidFile(ValueError):
    """A file, or a row of it, that cannot be read without guessing. The message says what to do."""


class ZoneMissing(InvalidFile):
    """Times without a zone, and nobody has said which one."""


def read_candle(
    raw: Raw, *, zone: tzinfo | None, as_of: datetime, length: timedelta
) -> VenueCandle:
    """Return the candle of a row. Raise InvalidFile.

    zone   of times that name none
    as_of  the file knows nothing later; a candle that was not over then is not final
    """
    opened_at = read_instant(raw.opened_at, zone)
    numbers = {name: _number(name, getattr(raw, name)) for name in NUMBERS[:-1]}
    told = raw.quote_volume
    quote_volume = None if told is None or told == "" else _number("quote_volume", told)
    final = is_final(raw.is_final)
    candle = VenueCandle(
        opened_at=opened_at,
        **numbers,
        quote_volume=quote_volume,
        is_final=(opened_at + length + GRACE <= as_of) and final is not False,
    )
    for complaint in _complaints(candle):
        raise InvalidFile(complaint)
    return candle


def read_instant(value: Any, zone: tzinfo | None) -> datetime:
    """Return an aware instant: a count since 1970 (s, ms, us, ns) or a time as ISO 8601 has it."""
    if isinstance(value, datetime):
        return _aware(value, zone)
    text = str(value).strip()
    count = COUNT.fullmatch(text)
    if count:
        return _counted(count[1])
    try:
        return _aware(datetime.fromisoformat(text), zone)
    except ValueError as exc:
        if isinstance(exc, InvalidFile):
            raise
        raise InvalidFile(f"{text!r} is no time, such as 2026-03-02T09:00Z.") from None


def is_final(value: Any) -> bool | None:
    if value is None or value == "":
        return None
    known = FINALS.get(str(value).strip().lower())
    if known is None:
        raise InvalidFile(f"is_final is {value!r}, expected 1 or 0.")
    return known


def _counted(digits: str) -> datetime:
    if len(digits) in NANOSECOND_DIGITS and digits.endswith("000"):
        digits = digits[:-3]
    if len(digits) not in UNITS:
        raise InvalidFile(f"{digits} counts neither seconds nor milliseconds since 1970.")
    return EPOCH + int(digits) * UNITS[len(digits)] * MICROSECOND


def _aware(instant: datetime, zone: tzinfo | None) -> datetime:
    if instant.tzinfo is not None:
        return instant.astimezone(UTC)
    if zone is None:
        raise ZoneMissing(
            f"{instant} has no time zone. Say which one it is in: --timezone UTC, or Asia/Seoul."
        )
    local = instant.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != instant:
        raise InvalidFile(f"There is no {instant} in {zone}: the clocks were put forward.")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise InvalidFile(f"{instant} is there twice in {zone}: the clocks were put back.")
    return local.astimezone(UTC)


def _number(name: str, value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        raise InvalidFile(f"{name} is {text!r}, expected a number such as 1234.5.")
    return Decimal(text)


def _complaints(candle: VenueCandle) -> Iterator[str]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    volumes = (candle.volume, candle.quote_volume or Decimal(0))
    if max(*map(abs, prices), *volumes) >= LIMIT:
        yield "A number has more than 20 digits before its point."
    if min(candle.open, candle.close) < candle.low or max(candle.open, candle.close) > candle.high:
        yield (
            f"open {candle.open}, high {candle.high}, low {candle.low} and close {candle.close} "
            "cannot all be true."
        )
    if min(volumes) < 0:
        yield f"volume {min(volumes)} is less than nothing."
