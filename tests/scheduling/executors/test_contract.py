"""One contract, held by each executor."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from queue import Queue
from typing import Any

import psutil
import pytest

from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.executors.base import Executor
from scheduling.executors.processes import ProcessExecutor
from scheduling.executors.threads import ThreadExecutor
from scheduling.options import Options
from tests.scheduling.attempts.test_calling import Memory, run_of

PATIENCE = 20.0  # s


class ExecutorContract:
    """What a worker relies on."""

    kind: type[Executor]
    sleep: str  # a task that sleeps and, in a thread, heeds its stop
    options = Options(stop_grace=1.0)

    @pytest.fixture
    def outcomes(self) -> Queue[Outcome]:
        return Queue()

    @pytest.fixture
    def executor(self, outcomes: Queue[Outcome]) -> Iterator[Executor]:
        executor = self.kind(size=2, sink=Memory(), on_outcome=outcomes.put, options=self.options)
        yield executor
        executor.drain(0)
        executor.close()

    def run(self, id: int = 1, timeout: int = 60, **params: Any) -> ClaimedRun:  # noqa: A002
        values = run_of(self.sleep, **params)
        return ClaimedRun(
            **{name: getattr(values, name) for name in values.__slots__}
            | {"id": id, "timeout_seconds": timeout}
        )

    def outcome(self, executor: Executor, outcomes: Queue[Outcome]) -> Outcome:
        end = time.monotonic() + PATIENCE
        while outcomes.empty() and time.monotonic() < end:
            executor.enforce_timeouts()
            time.sleep(0.02)
        return outcomes.get_nowait()

    def test_reports_how_a_run_ended(self, executor: Executor, outcomes: Queue[Outcome]) -> None:
        executor.submit(self.run(seconds=0))

        outcome = self.outcome(executor, outcomes)

        assert (outcome.status, outcome.result) == ("succeeded", "slept")

    def test_tells_its_free_capacity(self, executor: Executor, outcomes: Queue[Outcome]) -> None:
        executor.submit(self.run(id=1, seconds=0.5))
        executor.submit(self.run(id=2, seconds=0.5))
        full = executor.free()

        self.outcome(executor, outcomes)
        outcomes.get(timeout=PATIENCE)

        assert (full, executor.free(), executor.running()) == (0, 2, [])

    def test_ends_a_run_that_is_out_of_time(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        executor.submit(self.run(seconds=60, timeout=1))

        outcome = self.outcome(executor, outcomes)

        assert (outcome.status, outcome.reason) == ("timed_out", "Ended after its timeout of 1 s.")

    def test_ends_a_run_that_is_cancelled(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        executor.submit(self.run(seconds=60))

        assert executor.stop(1, "cancelled", "Cancelled by alice.")

        outcome = self.outcome(executor, outcomes)
        assert (outcome.status, outcome.reason) == ("cancelled", "Cancelled by alice.")

    def test_knows_nothing_of_a_run_that_is_not_here(self, executor: Executor) -> None:
        assert not executor.stop(99, "cancelled", "Cancelled.")

    def test_waits_for_runs_at_the_end(self, executor: Executor, outcomes: Queue[Outcome]) -> None:
        executor.submit(self.run(seconds=0.3))

        executor.drain(grace=PATIENCE)

        assert outcomes.get_nowait().status == "succeeded"

    def test_loses_runs_that_do_not_end_in_time(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        executor.submit(self.run(seconds=60))

        executor.drain(grace=0.1)

        outcome = outcomes.get(timeout=PATIENCE)
        assert outcome.status == "lost"
        assert "shut down" in outcome.reason

    def test_goes_on_after_a_run_was_ended_by_force(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        executor.submit(self.run(id=1, seconds=60, timeout=1))
        self.outcome(executor, outcomes)

        executor.submit(self.run(id=2, seconds=0))

        assert self.outcome(executor, outcomes).status == "succeeded"


class TestThreadExecutor(ExecutorContract):
    kind = ThreadExecutor
    sleep = "tests.sleep"

    def test_gives_up_a_thread_that_ignores_its_stop(
        self,
        executor: Executor,
        outcomes: Queue[Outcome],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for number in (1, 2):
            executor.submit(self.run(id=number, seconds=8, heed_stop=False, timeout=1))
        self.outcome(executor, outcomes)
        self.outcome(executor, outcomes)

        executor.submit(self.run(id=3, seconds=0))

        assert self.outcome(executor, outcomes).status == "succeeded"
        assert "ignores its stop and is given up" in caplog.text

    def test_cancels_an_async_task(self, executor: Executor, outcomes: Queue[Outcome]) -> None:
        self.sleep = "tests.sleep_async"
        executor.submit(self.run(seconds=60))
        time.sleep(0.1)

        executor.stop(1, "cancelled", "Cancelled.")

        assert self.outcome(executor, outcomes).status == "cancelled"

    # From Python 3.12 on it warns in a process with threads.
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_both_sides_of_a_fork_return_and_one_of_them_ends(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        self.sleep = "tests.fork"
        executor.submit(self.run())

        outcome = self.outcome(executor, outcomes)

        assert outcome.status == "succeeded"
        _, status = os.waitpid(outcome.result, 0)
        assert os.waitstatus_to_exitcode(status) == 1


class TestProcessExecutor(ExecutorContract):
    kind = ProcessExecutor
    sleep = "tests.sleep_isolated"

    def ends(
        self, executor: Executor, outcomes: Queue[Outcome], task: str, **params: Any
    ) -> Outcome:
        self.sleep = task
        executor.submit(self.run(**params))
        return self.outcome(executor, outcomes)

    @pytest.mark.parametrize("code", [0, 3])
    def test_a_process_that_dies_loses_its_run_and_no_other(
        self, code: int, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        lost = self.ends(executor, outcomes, "tests.exit_isolated", code=code)
        after = self.ends(executor, outcomes, "tests.sleep_isolated", seconds=0)

        assert (lost.status, lost.reason) == ("lost", f"Its process died (exit code {code}).")
        assert after.status == "succeeded"

    def test_an_idle_process_that_is_killed_costs_no_run(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        first = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        os.kill(first.result, signal.SIGKILL)
        os.waitid(os.P_PID, first.result, os.WEXITED | os.WNOWAIT)
        second = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        assert second.status == "succeeded"
        assert second.result != first.result

    def test_a_process_that_dies_as_its_run_comes_costs_no_run(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        first = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        os.kill(first.result, signal.SIGSTOP)
        executor.submit(self.run(id=2, megabytes=1))
        while executor._attempts[2].began is None:
            time.sleep(0.01)
        os.kill(first.result, signal.SIGKILL)

        second = self.outcome(executor, outcomes)
        assert (second.status, second.result != first.result) == ("succeeded", True)

    def test_a_run_that_eats_its_memory_fails_and_its_process_is_replaced(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        before = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        failed = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=3000)
        after = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        assert failed.status == "failed"
        assert "more than the 2048 MB of memory" in failed.error
        assert (after.status, after.result != before.result) == ("succeeded", True)

    def test_both_sides_of_a_fork_return_and_one_run_ends(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        forked = self.ends(executor, outcomes, "tests.fork_isolated")
        after = self.ends(executor, outcomes, "tests.eat_isolated", megabytes=1)

        assert (forked.status, after.status) == ("succeeded", "succeeded")
        assert not psutil.pid_exists(forked.result) or is_zombie(forked.result)

    def test_a_stop_before_the_process_is_up_ends_the_run(
        self, executor: Executor, outcomes: Queue[Outcome]
    ) -> None:
        executor.submit(self.run(seconds=60))

        executor.stop(1, "cancelled", "Cancelled.")

        assert self.outcome(executor, outcomes).status == "cancelled"


def is_zombie(process_id: int) -> bool:
    return bool(psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE)
