from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prices.candle_files.fields import InvalidFile, Raw, ZoneMissing, read_candle, read_instant

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "value",
    [
        "1772442000",
        "1772442000.0",
        "1772442000000",
        "1772442000000000",
        "1772442000000000000",
        1772442000000,
        "2026-03-02T09:00:00Z",
        "2026-03-02 09:00:00+00:00",
        "2026-03-02T18:00+09:00",
        NINE,
    ],
    ids=str,
)
def test_reads_an_instant(value: Any) -> None:
    assert read_instant(value, None) == NINE
    assert read_instant(value, None).tzinfo is UTC


def test_a_time_without_a_zone_is_in_the_one_that_was_given() -> None:
    assert read_instant("2026-03-02 10:00", BERLIN) == NINE
    assert read_instant("2026-03-02", ZoneInfo("Asia/Seoul")) == NINE - timedelta(hours=18)


@pytest.mark.parametrize(
    ("value", "zone", "said"),
    [
        ("2026-03-02 09:00", None, "--timezone"),
        ("2026-03-29 02:30", BERLIN, "put forward"),
        ("2026-10-25 02:30", BERLIN, "there twice"),
        ("02/03/2026", BERLIN, "is no time"),
        ("20260", None, "is no time"),
        ("17724420001", None, "since 1970"),
        ("", None, "is no time"),
    ],
)
def test_an_instant_that_may_be_several_is_refused(value: str, zone: Any, said: str) -> None:
    with pytest.raises(InvalidFile, match=said):
        read_instant(value, zone)


def read(**overrides: Any) -> Any:
    values = {"open": "9", "high": "11", "low": "8", "close": "10", "volume": "12"}
    raw = Raw("line 2", NINE, **(values | overrides))
    return read_candle(raw, zone=None, as_of=NINE + timedelta(hours=5), length=timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.000000000000000001", Decimal("1E-18")),
        ("1.5e-7", Decimal("0.00000015")),
        ("1508213014.60514045", Decimal("1508213014.60514045")),
        (0.1, Decimal("0.1")),
        (7, Decimal(7)),
    ],
)
def test_reads_each_digit_of_a_number(text: Any, number: Decimal) -> None:
    assert read(volume=text).volume == number


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"close": "1,234.5"}, "close is '1,234.5', expected a number such as"),
        ({"close": "nan"}, "close is 'nan'"),
        ({"close": None}, "close is 'None'"),
        ({"close": "1_0"}, "close"),
        ({"high": "9.5"}, "open 9, high 9.5, low 8 and close 10 cannot all be true"),
        ({"volume": "-1"}, "less than nothing"),
        ({"volume": "1e30"}, "20 digits"),
        ({"is_final": "maybe"}, "is_final"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_is_refused(overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidFile, match=said):
        read(**overrides)


def test_what_was_not_over_is_not_final() -> None:
    assert read().is_final
    assert not read(is_final="0").is_final
    raw = Raw("line 2", NINE, "9", "11", "8", "10", "12")
    early = read_candle(raw, zone=None, as_of=NINE, length=timedelta(hours=1))
    assert not early.is_final


def test_a_zone_that_is_missing_is_an_error_of_its_own() -> None:
    with pytest.raises(ZoneMissing):
        read_instant(datetime(2026, 3, 2), None)  # noqa: DTZ001
