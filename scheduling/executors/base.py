"""The contract of an executor: where the code of claimed runs runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition
from typing import Any

from scheduling.engine.claimed import ClaimedRun, Outcome
from scheduling.engine.execution import Sink, StopSignal, log_outcome, log_start, overruled
from scheduling.models import Run
from scheduling.options import Options


@dataclass(slots=True, eq=False)
class Execution:
    """A claimed run in an executor's hands."""

    run: ClaimedRun
    stop: StopSignal = field(default_factory=StopSignal)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float | None = None  # monotonic seconds; None: it waits for a process
    stopped: float | None = None  # monotonic seconds when it was told to stop
    verdict: tuple[str, str] | None = None  # status and reason, once the engine ended it
    handle: Any = None  # of the executor


class Executor(ABC):
    """Runs claimed runs, ends them when their time is over, and reports each outcome once.

    on_outcome is called from any thread.
    """

    def __init__(
        self,
        *,
        size: int,
        sink: Sink,
        on_outcome: Callable[[Outcome], None],
        options: Options | None = None,
    ) -> None:
        self.size = size
        self._sink = sink
        self._on_outcome = on_outcome
        self._options = options or Options()
        self._executions: dict[int, Execution] = {}
        self._changed = Condition()

    # The contract

    def free(self) -> int:
        """Return how many more runs may be submitted now."""
        return self.size - len(self._executions)

    def running(self) -> list[int]:
        """Return the ids of the runs that have not ended."""
        return list(self._executions)

    def submit(self, run: ClaimedRun) -> None:
        """Start `run`; its outcome comes through on_outcome."""
        execution = Execution(run)
        with self._changed:
            self._executions[run.id] = execution
        log_start(run)
        try:
            self._begin(execution)
        except (OSError, RuntimeError) as exc:  # no thread or process could be started
            reason = f"It could not be started: {exc}."
            self._ended_without_outcome(execution, Run.Status.LOST, reason)

    def stop(self, run_id: int, status: str, reason: str) -> bool:
        """End a run as `status`; return False if it is not here (any more)."""
        execution = self._executions.get(run_id)
        if execution is None or execution.verdict is not None:
            return False
        execution.verdict = (status, reason)
        execution.stopped = time.monotonic()
        execution.stop.set()
        self._interrupt(execution)
        return True

    def enforce_timeouts(self) -> None:
        """End what is out of time. To be called a few times a second."""
        for execution in list(self._executions.values()):
            if execution.verdict is not None:
                self._enforce_stop(execution)
            elif self._is_out_of_time(execution):
                seconds = execution.run.timeout_seconds
                reason = f"Ended after its timeout of {seconds} s."
                self.stop(execution.run.id, Run.Status.TIMED_OUT, reason)

    def drain(self, grace: float) -> None:
        """Wait for running runs; after `grace` seconds end the rest as lost."""
        self._await_end(grace)
        for run_id in self.running():
            self.stop(run_id, Run.Status.LOST, "Its worker was shut down before it had ended.")
        self._await_end(self._options.stop_grace)
        for execution in list(self._executions.values()):
            self._give_up(execution)

    @abstractmethod
    def close(self) -> None:
        """Free threads and processes."""

    # For the executors

    @abstractmethod
    def _begin(self, execution: Execution) -> None:
        """Start it."""

    @abstractmethod
    def _interrupt(self, execution: Execution) -> None:
        """Make it end, once its stop signal is set."""

    def _has_begun(self, execution: Execution) -> bool:
        return True

    def _end(self, execution: Execution, outcome: Outcome) -> None:
        """Report `outcome`, unless the run was given up before."""
        with self._changed:
            if self._executions.get(execution.run.id) is not execution:
                return
            del self._executions[execution.run.id]
            self._changed.notify_all()
        if execution.verdict is not None:
            outcome = overruled(outcome, *execution.verdict)
        log_outcome(outcome)
        self._on_outcome(outcome)

    def _ended_without_outcome(self, execution: Execution, status: str, reason: str) -> None:
        outcome = Outcome(
            run=execution.run,
            status=status,
            started_at=execution.started_at,
            finished_at=datetime.now(UTC),
            reason=reason,
        )
        self._end(execution, outcome)

    def _give_up(self, execution: Execution) -> None:
        """Report the verdict although the code may still be running."""
        status, reason = execution.verdict or (Run.Status.LOST, "")
        self._ended_without_outcome(execution, status, reason)

    def _is_out_of_time(self, execution: Execution) -> bool:
        if execution.began is None and self._has_begun(execution):
            execution.began = time.monotonic()
        if execution.began is None:
            return False
        return time.monotonic() - execution.began > execution.run.timeout_seconds

    def _enforce_stop(self, execution: Execution) -> None:
        stopped = execution.stopped or 0.0
        if time.monotonic() - stopped > self._options.stop_grace:
            self._give_up(execution)

    def _await_end(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._executions and time.monotonic() < end:
            self.enforce_timeouts()
            with self._changed:
                self._changed.wait_for(lambda: not self._executions, timeout=0.1)
