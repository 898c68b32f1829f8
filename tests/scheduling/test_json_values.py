from __future__ import annotations

import pytest

from scheduling.json_values import MAX_DEPTH, flaw_in


def nested(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5, "é 😀", [1, {"a": [None]}], 10**399, nested(MAX_DEPTH)]
)
def test_what_both_databases_hold_has_no_flaw(value):
    assert flaw_in(value) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a\x00b", "NUL"),
        (["a", {"b": "\x00"}], "NUL"),
        ({"\x00": 1}, "NUL"),
        ("\ud800", "surrogate"),
        (float("inf"), "too large"),
        (float("nan"), "too large"),
        (-(10**400), "too large"),
        (nested(MAX_DEPTH + 1), "32 levels"),
        (nested(100_000), "32 levels"),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, list) else "list",
)
def test_what_one_of_them_refuses_is_a_flaw(value, said):
    assert said in flaw_in(value)
