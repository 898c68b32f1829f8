from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.figures import plain, readable


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        pytest.param("36000000.170000020000000000", 0, "36000000.17000002", id="padded"),
        pytest.param("5", 2, "5.00", id="money"),
        pytest.param("5.000", 0, "5", id="whole"),
        pytest.param("9.1E-11", 2, "0.000000000091", id="exponent"),
        pytest.param("1E+3", 0, "1000", id="large-exponent"),
        pytest.param("-0.50", 2, "-0.50", id="negative"),
        pytest.param("100", 0, "100", id="zeros-before-the-point"),
    ],
)
def test_plain_writes_every_digit_and_no_padding(number, places, text):
    assert plain(Decimal(number), places) == text


@pytest.mark.parametrize(
    ("number", "sign", "text"),
    [
        pytest.param("1234.5", "", "1,234.50", id="money"),
        pytest.param("12", "+", "+12.00", id="gain"),
        pytest.param("-0.0000123", "+", "-0.000012", id="tiny"),
        pytest.param("0", "", "0.00", id="nothing"),
    ],
)
def test_readable_shows_cents_and_never_something_as_nothing(number, sign, text):
    assert readable(Decimal(number), sign) == text
