"""Which of the fire times that have come a job answers for, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduling.triggers.base import Trigger
from scheduling.triggers.wall_clock import TICK


@dataclass(frozen=True, slots=True)
class DueTimes:
    """Fire times that have come, oldest first, and how many more these stand for.

    With coalescing that is the last one; without, at most the last `cap`. The count of those
    left out stops at `cap` as well: time that jumped by years must not be enumerated.
    """

    times: Sequence[datetime]
    left_out: int
    first: datetime
    cap: int
    next_at: datetime | None = None  # the first one that has not come

    @classmethod
    def since(
        cls, first: datetime, trigger: Trigger, now: datetime, *, coalesce: bool, cap: int
    ) -> DueTimes:
        """Return those from `first`, a fire time, to `now`.

        cap  1 or more
        """
        following = trigger.next_after(first)
        if following is None or following > now:  # as it mostly is
            return cls([first], 0, first, cap, following)
        if coalesce:
            times = [trigger.last_until(first, now) or first]
        else:
            times = [first, *trigger.fire_times(first, now, cap)]
        if len(times) > cap:
            times = _last_times(trigger, first, now, cap)
        left_out = _count_before(times[0], trigger, first, cap)
        return cls(times, left_out, first, cap, trigger.next_after(max(now, times[-1])))

    @property
    def note(self) -> str:
        """Say in a sentence what the first of `times` stands for; empty if for itself only."""
        if not self.left_out:
            return ""
        many = f"at least {self.left_out}" if self.left_out >= self.cap else str(self.left_out)
        times = "fire time" if self.left_out == 1 else "fire times"
        return f"Stands for {many} earlier {times} too, from {self.first:%Y-%m-%d %H:%M:%S}Z on."


def _last_times(trigger: Trigger, first: datetime, now: datetime, cap: int) -> list[datetime]:
    times: list[datetime] = []
    before = now
    while len(times) < cap and (time := trigger.last_until(first, before)) is not None:
        times.append(time)
        before = time - TICK
    return times[::-1]


def _count_before(instant: datetime, trigger: Trigger, first: datetime, cap: int) -> int:
    if instant == first:
        return 0
    return 1 + len(trigger.fire_times(first, instant - TICK, cap - 1))
