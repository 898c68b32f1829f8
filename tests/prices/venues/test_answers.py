from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.venues.answers import read_json, read_number, read_rows, read_text, read_utc
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


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidAnswer, match=r"'at' is '11 March', expected a time"):
        read_utc({"at": "11 March"}, "at", WHERE)
