from __future__ import annotations

import subprocess

import pytest

from vault.keys import HOW_TO_MAKE, fault_of, is_key, new_key


def test_a_new_key_is_one_and_another_each_time() -> None:
    assert is_key(new_key())
    assert new_key() != new_key()


def test_the_advice_makes_a_key() -> None:
    made = subprocess.run(["sh", "-c", HOW_TO_MAKE], capture_output=True, text=True, check=True)

    assert is_key(made.stdout.strip())


@pytest.mark.parametrize("wrong", ["", "x", "a" * 44, "ключ", "a" * 39 + "=", 2 * ("a" * 43 + "=")])
def test_what_is_no_key_is_counted_and_not_shown(wrong: str) -> None:
    assert fault_of([new_key(), wrong, new_key()]) == "Number 2 of 3 is no key."


def test_right_keys_have_no_fault() -> None:
    assert fault_of([new_key(), new_key()]) == ""
    assert fault_of([]) == "There is no key."
