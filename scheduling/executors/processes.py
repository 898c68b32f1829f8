"""Runs in child processes: tasks that may hang, crash or eat memory, and can be killed."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from threading import local
from typing import Any

from scheduling.attempts.claimed import Outcome
from scheduling.executors.base import Attempt
from scheduling.executors.children import Child, ChildDied, NothingBegan
from scheduling.executors.slots import SlotExecutor
from scheduling.models import Run

SLOW_START = 60.0  # s that a child may take to load the code before its run's time counts


class Slot(local):
    """What a slot's thread has."""

    child: Child | None = None


class ProcessExecutor(SlotExecutor):
    """A warm child process for each slot; a timeout or a cancel kills the child and only it.

    They start with the first isolated runs: many installations never isolate a task.
    """

    given_up = "The process of run %d does not die and is given up; a new one takes its place"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._slot = Slot()
        self._children: set[Child] = set()

    def close(self) -> None:
        super().close()
        for child in list(self._children):
            child.kill()

    def _carry_out(self, attempt: Attempt) -> Outcome:
        try:
            outcome = self._executed(attempt)
        except ChildDied as exc:
            self._leave()
            return _lost(attempt, str(exc))
        except OSError as exc:
            return _lost(attempt, f"It could not be started: {exc}.")
        if outcome.is_out_of_memory:
            self._leave()  # what the run left behind would be missing for the next one
        return outcome

    def _executed(self, attempt: Attempt) -> Outcome:
        """Return how the run ended in the slot's child; in a new one, if that had just died."""
        with suppress(NothingBegan):
            return self._child_for(attempt).execute(attempt.run)
        self._leave()
        return self._child_for(attempt).execute(attempt.run)

    def _child_for(self, attempt: Attempt) -> Child:
        """Return the slot's child, ready, and known as the one that runs `attempt`."""
        if self._slot.child is None or not self._slot.child.is_fit:
            self._leave()
            self._slot.child = Child()
            self._children.add(self._slot.child)
        attempt.handle = self._slot.child
        if attempt.verdict is not None:
            raise ChildDied("It was stopped before it began.")
        self._slot.child.await_readiness()
        attempt.began = time.monotonic()
        return self._slot.child

    def _interrupt(self, attempt: Attempt) -> None:
        with self._changed:  # not a child that has gone on to its next run
            if attempt.handle is not None and not attempt.is_over:
                attempt.handle.kill()

    def _has_begun(self, attempt: Attempt) -> bool:
        """A child that never comes up uses up its run's time too."""
        child: Child | None = attempt.handle
        return child is not None and time.monotonic() - child.began_at > SLOW_START

    def _leave(self) -> None:
        child, self._slot.child = self._slot.child, None
        if child is not None:
            child.bury()
            self._children.discard(child)


def _lost(attempt: Attempt, reason: str) -> Outcome:
    return Outcome(
        run=attempt.run,
        status=Run.Status.LOST,
        started_at=attempt.started_at,
        finished_at=datetime.now(UTC),
        reason=reason,
    )
