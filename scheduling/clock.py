"""The pickled half of a DjangoJob row, written and read without trusting it.

django-apscheduler keeps an APScheduler job as a pickle. Ours holds the trigger, the policies
and a reference to `scheduling.engine.firing:fire`; the time that counts is the row's
`next_run_time`, so the pickle is written when the job changes and not at every tick.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from apscheduler.triggers.base import BaseTrigger

FIRE = "scheduling.engine.firing:fire"
PICKLE_PROTOCOL = 4

ALLOWED = {
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("scheduling.triggers.cron", "CronTrigger"),
    ("scheduling.triggers.date", "DateTrigger"),
    ("scheduling.triggers.interval", "IntervalTrigger"),
    ("scheduling.triggers.spec", "TriggerSpec"),
}


def dump_state(*, key: str, name: str, trigger: BaseTrigger, policy: dict[str, Any]) -> bytes:
    """Return the pickle of an APScheduler job that fires the job `key`."""
    state = {
        "version": 1,
        "id": key,
        "func": FIRE,
        "trigger": trigger,
        "executor": "default",
        "args": (key,),
        "kwargs": {},
        "name": name,
        "next_run_time": None,
        **policy,
    }
    return pickle.dumps(state, PICKLE_PROTOCOL)


def load_state(data: bytes) -> dict[str, Any]:
    """Return the state in `data`.

    Raise pickle.UnpicklingError if it names anything but triggers and times, or calls another
    function than ours.
    """
    state = _TriggerUnpickler(io.BytesIO(bytes(data))).load()
    if not isinstance(state, dict) or state.get("func") != FIRE:
        raise pickle.UnpicklingError("This row was not written by Daybook.")
    return state


class _TriggerUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a job's state.")
