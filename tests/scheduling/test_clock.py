from __future__ import annotations

import os
import pickle

import pytest

from scheduling.clock import FIRE, dump_state, load_state
from scheduling.triggers import TriggerSpec, build_trigger


def state_of(expression: str) -> bytes:
    trigger = build_trigger(TriggerSpec("cron", expression, "Europe/Zurich"))
    return dump_state(key="pnl", name="P&L", trigger=trigger, policy={"coalesce": True})


def test_a_state_comes_back_with_its_trigger() -> None:
    state = load_state(state_of("*/15 7-23 * * *"))

    assert state["trigger"] == build_trigger(
        TriggerSpec("cron", "*/15 7-23 * * *", "Europe/Zurich")
    )
    assert (state["id"], state["func"], state["coalesce"]) == ("pnl", FIRE, True)


class Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("exit 7",)


def test_a_state_that_would_run_code_is_refused() -> None:
    data = pickle.dumps({"func": FIRE, "trigger": Attack()})

    with pytest.raises(pickle.UnpicklingError, match="is not allowed"):
        load_state(data)


def pickled_name(module: str, name: str) -> bytes:
    """Return a pickle that restores nothing but this name."""
    parts = [b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)]
    return b"\x80\x04" + b"".join(parts) + b"\x93."


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("scheduling.triggers.cron", "CronTrigger.__init__.__globals__"),
        ("scheduling.triggers.spec", "replace"),
        ("builtins", "getattr"),
        ("apscheduler.util", "ref_to_obj"),
    ],
)
def test_only_triggers_and_times_are_restored(module: str, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not allowed"):
        load_state(pickled_name(module, name))


def test_a_state_that_calls_another_function_is_refused() -> None:
    data = pickle.dumps({"func": "os:system", "trigger": None})

    with pytest.raises(pickle.UnpicklingError, match="not written by Daybook"):
        load_state(data)
