"""Runs in threads of this process: light tasks, thousands of them a minute."""

from __future__ import annotations

from django.db import connections

from scheduling.attempts.calling import execute
from scheduling.attempts.claimed import Outcome
from scheduling.attempts.connections import tidy_connections
from scheduling.executors.base import Attempt
from scheduling.executors.slots import SlotExecutor


class ThreadExecutor(SlotExecutor):
    """A thread cannot be killed: one that ignores its stop is given up, and replaced."""

    def _carry_out(self, attempt: Attempt) -> Outcome:
        outcome = execute(
            attempt.run, sink=self._sink, stop=attempt.stop, log_cap=self._options.log_lines
        )
        tidy_connections()
        return outcome

    def _interrupt(self, attempt: Attempt) -> None:
        """Do nothing more: the stop signal is all that a thread can be sent."""

    def _leave(self) -> None:
        connections.close_all()
