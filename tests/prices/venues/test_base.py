from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from prices.models import Candle
from prices.venues.base import (
    LENGTHS,
    CandleQuery,
    InvalidAnswer,
    VenueCandle,
    floor_to,
    refuse_unsound,
)

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


def make_query(**overrides: Any) -> CandleQuery:
    values: dict[str, Any] = {"venue_id": "KRW-BTC", "interval": "1h", "since": NOON, "until": NOON}
    return CandleQuery(**(values | overrides))


def make_candle(**overrides: Any) -> VenueCandle:
    values: dict[str, Any] = {"opened_at": NOON, "is_final": True, "quote_volume": None}
    prices = {"open": 9, "high": 11, "low": 8, "close": 10, "volume": 12}
    values |= {name: Decimal(number) for name, number in prices.items()}
    return VenueCandle(**(values | overrides))


def test_what_a_venue_can_be_asked_for_can_be_stored() -> None:
    stored = {name for name, _ in Candle._meta.get_field("interval").choices or ()}

    assert set(LENGTHS) <= stored


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, 0), (-60, 0), (1, 1), (60, 1), (61, 2), (720 * 60, 720)],
)
def test_a_query_knows_how_many_candles_can_open_in_it(minutes: int, expected: int) -> None:
    query = make_query(until=NOON + timedelta(minutes=minutes))

    assert query.most_candles == expected


@pytest.mark.parametrize(
    "wrong", [{"interval": "2h"}, {"since": NOON.replace(tzinfo=None)}], ids=str
)
def test_a_query_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"No interval|aware"):
        make_query(**wrong)


@pytest.mark.parametrize(("interval", "hour"), [("1h", 11), ("4h", 8), ("1d", 0)])
def test_intervals_start_as_the_clock_in_utc_does(interval: str, hour: int) -> None:
    instant = NOON - timedelta(seconds=1)

    assert floor_to(LENGTHS[interval], instant) == NOON.replace(hour=hour)


def test_a_sound_candle_passes() -> None:
    candle = make_candle(quote_volume=Decimal(120))

    assert refuse_unsound(candle, "upbit") is candle


@pytest.mark.parametrize(
    "wrong",
    [{"low": 10}, {"high": 9}, {"open": 12}, {"close": 7}, {"volume": -1}, {"quote_volume": -1}],
    ids=str,
)
def test_a_candle_that_contradicts_itself_is_refused(wrong: dict[str, int]) -> None:
    candle = make_candle(**{name: Decimal(number) for name, number in wrong.items()})

    with pytest.raises(InvalidAnswer, match=r"2026-03-11T12:00Z: .* cannot all be true"):
        refuse_unsound(candle, "upbit")
