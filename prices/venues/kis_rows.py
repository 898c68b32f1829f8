"""Read the daily candles of KIS: all values are texts, days are those of the exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from prices.venues.answers import read_number_in_text, read_text, shown
from prices.venues.base import InvalidAnswer, VenueCandle, refuse_unsound

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the fields of a row are called."""

    day: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str


KOREA = Columns(
    day="stck_bsop_date",
    open="stck_oprc",
    high="stck_hgpr",
    low="stck_lwpr",
    close="stck_clpr",
    volume="acml_vol",
    quote_volume="acml_tr_pbmn",
)
OVERSEAS = Columns(
    day="xymd",
    open="open",
    high="high",
    low="low",
    close="clos",
    volume="tvol",
    quote_volume="tamt",
)


def read_candles(
    answer: Mapping[str, Any], columns: Columns, where: str, *, final_until: datetime
) -> list[VenueCandle]:
    """Return the candles of an answer, newest first; rows without anything in them are none.

    final_until  candles that open before are final

    Raise InvalidAnswer if one cannot be meant, or they are not in order.
    """
    rows = answer.get("output2")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidAnswer(f"{where}: 'output2' is {shown(rows)}, expected rows.")
    candles: list[VenueCandle] = []
    for row in rows:
        candle = _read_candle(row, columns, where, final_until) if row else None
        if candle is None:
            continue
        if candles and candle.opened_at >= candles[-1].opened_at:
            raise InvalidAnswer(f"{where}: its candles are not in order, newest first.")
        candles.append(candle)
    return candles


def _read_candle(
    row: Mapping[str, Any], columns: Columns, where: str, final_until: datetime
) -> VenueCandle | None:
    """Return the candle; None if the row has neither a price nor a trade.

    On a day without a trade KIS repeats the last close and may leave the other prices at 0.
    """
    opened_at = _day_of(row, columns.day, where)
    place = f"{where}, row of {opened_at:%Y-%m-%d}"
    names = ("open", "high", "low", "close")
    prices = {name: _number(row, getattr(columns, name), place) for name in names}
    volume = _number(row, columns.volume, place)
    if volume == 0 and not any(prices.values()):
        return None
    if volume == 0 and not any(prices[name] for name in ("open", "high", "low")):
        prices = dict.fromkeys(names, prices["close"])
    if min(prices.values()) <= 0:
        raise InvalidAnswer(f"{place} has the price 0: {shown(dict(row))}.")
    candle = VenueCandle(
        opened_at=opened_at,
        **prices,
        volume=volume,
        quote_volume=read_number_in_text(row, columns.quote_volume, place),
        is_final=opened_at < final_until,
    )
    return refuse_unsound(candle, where)


def _number(row: Mapping[str, Any], name: str, place: str) -> Decimal:
    number = read_number_in_text(row, name, place)
    if number is None:
        raise InvalidAnswer(f"{place}: {name!r} is empty, expected a number as text.")
    return number


def _day_of(row: Mapping[str, Any], name: str, where: str) -> datetime:
    """Return midnight UTC of the day at the exchange: there all of its session lies within."""
    text = read_text(row, name, where)
    try:
        if len(text) != len("YYYYMMDD"):
            raise ValueError
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as exc:
        raise InvalidAnswer(f"{where}: {name!r} is {shown(text)}, expected YYYYMMDD.") from exc
