"""The contract of an executor: where the code of claimed runs runs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition
from typing import Any

from scheduling.attempts.calling import Sink, StopSignal, log_outcome, log_start, overruled
from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.models import Run
from scheduling.options import Options


@dataclass(slots=True, eq=False)
class Attempt:
    """A claimed run in an executor's hands."""

    run: ClaimedRun
    stop: StopSignal = field(default_factory=StopSignal)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float | None = None  # monotonic seconds; None: it waits for a process
    stopped: float | None = None  # monotonic seconds when it was told to stop
    verdict: tuple[str, str] | None = None  # status and reason, once the engine ended it
    is_over: bool = False  # its outcome was reported
    is_given_up: bool = False  # its code may still be running
    handle: Any = None  # of the executor


class Executor(ABC):
    """Runs claimed runs, ends them when their time is over, and reports each outcome once.

    on_outcome and, after it, on_free are called from any thread.
    """

    def __init__(
        self,
        *,
        size: int,
        sink: Sink,
        on_outcome: Callable[[Outcome], None],
        on_free: Callable[[], None] = lambda: None,
        options: Options | None = None,
    ) -> None:
        self.size = size
        self._sink = sink
        self._on_outcome = on_outcome
        self._on_free = on_free
        self._options = options or Options()
        self._attempts: dict[int, Attempt] = {}
        self._changed = Condition()

    # The contract

    def free(self) -> int:
        """Return how many more runs may be submitted now."""
        return self.size - len(self._attempts)

    def running(self) -> list[int]:
        """Return the ids of the runs that have not ended."""
        return list(self._attempts)

    def submit(self, run: ClaimedRun) -> None:
        """Start `run`; its outcome comes through on_outcome."""
        attempt = Attempt(run)
        with self._changed:
            self._attempts[run.id] = attempt
        log_start(run)
        try:
            self._begin(attempt)
        except (OSError, RuntimeError) as exc:  # no thread or process could be started
            reason = f"It could not be started: {exc}."
            self._ended_without_outcome(attempt, Run.Status.LOST, reason)

    def stop(self, run_id: int, status: str, reason: str) -> bool:
        """End a run as `status`; return False if it is not here (any more)."""
        attempt = self._attempts.get(run_id)
        if attempt is None or attempt.verdict is not None:
            return False
        attempt.verdict = (status, reason)
        attempt.stopped = time.monotonic()
        attempt.stop.set()
        self._interrupt(attempt)
        return True

    def enforce_timeouts(self) -> None:
        """End what is out of time. To be called a few times a second."""
        for attempt in list(self._attempts.values()):
            if attempt.verdict is not None:
                self._enforce_stop(attempt)
            elif self._is_out_of_time(attempt):
                seconds = attempt.run.timeout_seconds
                reason = f"Ended after its timeout of {seconds} s."
                self.stop(attempt.run.id, Run.Status.TIMED_OUT, reason)

    def drain(self, grace: float) -> None:
        """Wait for running runs; after `grace` seconds end the rest as lost."""
        self._await_end(grace)
        for run_id in self.running():
            self.stop(run_id, Run.Status.LOST, "Its worker was shut down before it had ended.")
        self._await_end(self._options.stop_grace)
        for attempt in list(self._attempts.values()):
            self._give_up(attempt)

    @abstractmethod
    def close(self) -> None:
        """Free threads and processes."""

    # For the executors

    @abstractmethod
    def _begin(self, attempt: Attempt) -> None:
        """Start it."""

    @abstractmethod
    def _interrupt(self, attempt: Attempt) -> None:
        """Make it end, once its stop signal is set."""

    def _has_begun(self, attempt: Attempt) -> bool:
        return True

    def _end(self, attempt: Attempt, outcome: Outcome) -> None:
        """Report `outcome`, unless the run was given up before; then free its slot."""
        with self._changed:
            if attempt.is_over:
                return
            attempt.is_over = True
        if attempt.verdict is not None:
            outcome = overruled(outcome, *attempt.verdict)
        log_outcome(outcome)
        self._on_outcome(outcome)
        with self._changed:
            # A retry that was claimed at once may stand in its place already.
            if self._attempts.get(attempt.run.id) is attempt:
                del self._attempts[attempt.run.id]
            self._changed.notify_all()
        self._on_free()

    def _ended_without_outcome(self, attempt: Attempt, status: str, reason: str) -> None:
        outcome = Outcome(
            run=attempt.run,
            status=status,
            started_at=attempt.started_at,
            finished_at=datetime.now(UTC),
            reason=reason,
        )
        self._end(attempt, outcome)

    def _give_up(self, attempt: Attempt) -> None:
        """Report the verdict although the code may still be running."""
        attempt.is_given_up = True
        status, reason = attempt.verdict or (Run.Status.LOST, "")
        self._ended_without_outcome(attempt, status, reason)

    def _is_out_of_time(self, attempt: Attempt) -> bool:
        if attempt.began is None and self._has_begun(attempt):
            attempt.began = time.monotonic()
        if attempt.began is None:
            return False
        return time.monotonic() - attempt.began > attempt.run.timeout_seconds

    def _enforce_stop(self, attempt: Attempt) -> None:
        stopped = attempt.stopped or 0.0
        if time.monotonic() - stopped > self._options.stop_grace:
            self._give_up(attempt)

    def _await_end(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._attempts and time.monotonic() < end:
            self.enforce_timeouts()
            with self._changed:
                self._changed.wait_for(lambda: not self._attempts, timeout=0.1)
