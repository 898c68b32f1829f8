from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.venues.answers import (
    read_json,
    read_milliseconds,
    read_number,
    read_rows,
    read_text,
    read_utc,
)
from prices.venues.base import InvalidAnswer

WHERE = "upbit /v1/candles/days"
exact = st.decimals(min_value=0, max_value=10**20, allow_nan=False, allow_infinity=False)


@given(exact)
def test_a_number_keeps_each_digit(number: Decimal) -> None:
    row = read_json(b'{"price": %s}' % f"{number:f}".encode(), WHERE)

    assert f"{read_number(row, 'price', WHERE):f}" == f"{number:f}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>maintenance</html>", id="a-page"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'[{"price": 1.5', id="half-an-answer"),
        pytest.param(b"[NaN]", id="not-a-number"),
        pytest.param(b"\xff\xfe", id="no-text"),
        pytest.param(b"[" * 100_000, id="too-deep"),
    ],
)
def test_what_is_no_json_is_refused_with_its_beginning(body: bytes) -> None:
    with pytest.raises(InvalidAnswer, match=r"upbit /v1/candles/days answered no JSON: .{2,90}"):
        read_json(body, WHERE)


@pytest.mark.parametrize("answer", [{}, None, "text", [1], [[]]])
def test_rows_are_a_list_of_objects(answer: object) -> None:
    with pytest.raises(InvalidAnswer, match="no list of objects"):
        read_rows(answer, WHERE)


@pytest.mark.parametrize("value", [None, "1.5", True, [], {}])
def test_a_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(InvalidAnswer, match=r"'price' is .*, expected a number"):
        read_number({"price": value}, "price", WHERE)


@pytest.mark.parametrize("value", [None, "", "  ", 5])
def test_a_text_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(InvalidAnswer, match=r"'market' is .*, expected text"):
        read_text({"market": value}, "market", WHERE)


def test_a_time_without_zone_is_utc() -> None:
    row = {"candle_date_time_utc": "2026-03-11T09:00:00"}

    assert read_utc(row, "candle_date_time_utc", WHERE) == datetime(2026, 3, 11, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["11 March", "0001-01-01T00:00:00+09:00"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidAnswer, match=r"'at' is '.*', expected a time"):
        read_utc({"at": text}, "at", WHERE)


def test_milliseconds_count_from_1970() -> None:
    assert read_milliseconds({"at": 1500}, "at", WHERE) == datetime(
        1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC
    )


@pytest.mark.parametrize("number", [-1, 10**30, Decimal("1e999999999")])
def test_milliseconds_that_are_no_time_are_refused(number: int | Decimal) -> None:
    with pytest.raises(InvalidAnswer, match=r"'at' is .*, expected a time"):
        read_milliseconds({"at": number}, "at", WHERE)
