from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scheduling.attempts.text import MESSAGE_LIMIT, as_json, storable


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"at": datetime(2025, 10, 2, tzinfo=UTC)}, {"at": "2025-10-02T00:00:00Z"}),
        ((Decimal("1.50"), "é 😀"), ["1.50", "é 😀"]),
        ("a\x00b", r"a\x00b"),
        ("a\ud800b", r"a\ud800b"),
        ({"\x00": ["\ud800"]}, {r"\x00": [r"\ud800"]}),
        (r"a\u0000b", r"a\u0000b"),
    ],
)
def test_values_take_a_form_that_every_database_stores(value, stored):
    assert as_json(value) == stored


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: object()}])
def test_values_that_are_no_json_are_refused(value):
    with pytest.raises((TypeError, ValueError)):
        as_json(value)


def test_text_is_cut_at_its_limit():
    assert storable("x" * MESSAGE_LIMIT) == "x" * MESSAGE_LIMIT
    assert storable("x" * (MESSAGE_LIMIT + 1)).endswith(f"({MESSAGE_LIMIT + 1} characters)")
