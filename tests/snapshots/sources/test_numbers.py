from __future__ import annotations

from decimal import Decimal

import pytest

from snapshots.sources.numbers import read_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("0.50000000", "0.5", id="plain"),
        pytest.param("-3.60", "-3.60", id="negative"),
        pytest.param("1508,213,014.60514045", "1508213014.60514045", id="broken-separators"),
        pytest.param("36294,348.16999999", "36294348.16999999", id="odd-last-group"),
        pytest.param("12,345.00", "12345", id="whole-separators"),
        pytest.param("5000", "5000", id="no-decimals"),
        pytest.param("9.1E-11", "0.000000000091", id="exponent"),
    ],
)
def test_read_number_of_an_export(text, number):
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("abc", id="text"),
        pytest.param("", id="nothing"),
        pytest.param("NaN", id="nan"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("1,234", id="comma-that-could-be-decimal"),
        pytest.param("1.234,56", id="decimal-comma"),
        pytest.param("1.234.567", id="two-points"),
        pytest.param("1'234.50", id="apostrophe"),
        pytest.param("$5.00", id="currency-sign"),
        pytest.param("0x1F", id="hexadecimal"),
        pytest.param("1_000.0", id="underscore"),
        pytest.param("\u0663.\u0665", id="digits-of-another-script"),
        pytest.param("1e999999999", id="exponent-that-eats-memory"),
    ],
)
def test_read_number_refuses_what_it_would_have_to_guess(text):
    with pytest.raises(ValueError, match="Expected a number with a decimal point"):
        read_number(text)


def test_read_number_refuses_what_no_account_holds():
    with pytest.raises(ValueError, match="is too large"):
        read_number("1000000000000000000.0")


def test_read_number_shows_the_start_of_long_text():
    with pytest.raises(ValueError, match=r"^'x{40}…' is not a number"):
        read_number("x" * 5000)
