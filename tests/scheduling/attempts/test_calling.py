from __future__ import annotations

import logging
from typing import Any

import pytest

from scheduling.attempts.calling import StopSignal, execute
from scheduling.attempts.capture import Line, RunLogHandler, capture_logs, install_capture
from scheduling.attempts.claimed import ClaimedRun, Outcome
from tests.factories import NOW


class Memory:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.progresses: list[dict[str, Any]] = []
        self.artifacts: dict[str, bytes] = {}

    def log(self, run_id: int, line: Line) -> None:
        self.lines.append(line)

    def progress(self, run_id: int, progress: dict[str, Any]) -> None:
        self.progresses.append(progress)

    def artifact(self, run_id: int, name: str, content: bytes, content_type: str) -> None:
        self.artifacts[name] = content


def run_of(task: str, **params: Any) -> ClaimedRun:
    return ClaimedRun(
        id=7, worker_id=1, job_id=1, job_key="job", task=task, params=params, origin="manual",
        attempt=1, scheduled_at=NOW, owner_id=None, requested_by_id=None, timeout_seconds=60,
        max_attempts=1, backoff_seconds=0, retry_lost=False, errors=[],
    )  # fmt: skip


def executed(task: str, memory: Memory | None = None, cap: int = 100, **params: Any) -> Outcome:
    return execute(run_of(task, **params), sink=memory or Memory(), stop=StopSignal(), log_cap=cap)


def test_the_result_of_the_task_is_the_result_of_the_run() -> None:
    outcome = executed("tests.echo", text="a", times=2)

    assert (outcome.status, outcome.result) == ("succeeded", "a a")


def test_decimals_in_a_result_keep_their_digits() -> None:
    outcome = executed("tests.typed", amount="0.10")

    assert outcome.result["amount"] == "0.10"


def test_an_async_task_runs_to_its_end() -> None:
    assert executed("tests.sleep_async", seconds=0).result == "slept"


def test_a_failure_that_is_no_bug_has_a_message_and_no_traceback() -> None:
    outcome = executed("tests.fail", message="no such file")

    assert (outcome.status, outcome.error, outcome.traceback) == ("failed", "no such file", "")


def test_a_bug_keeps_its_traceback() -> None:
    outcome = executed("tests.crash")

    assert outcome.error == "ZeroDivisionError: a bug"
    assert 'raise ZeroDivisionError("a bug")' in outcome.traceback


def test_sys_exit_ends_the_run_and_not_the_process() -> None:
    assert executed("tests.exit").error == "SystemExit: 3"


@pytest.mark.parametrize(
    ("task", "params", "error"),
    [
        ("tests.gone", {}, "Unknown task 'tests.gone'"),
        ("tests.echo", {"venue": "kis"}, "do not fit the task: venue: Unknown parameter"),
        ("tests.echo", {"times": "many"}, "times: Input should be a valid integer"),
    ],
)
def test_a_run_that_the_code_cannot_take_fails_for_good(
    task: str, params: dict[str, Any], error: str
) -> None:
    outcome = executed(task, **params)

    assert error in outcome.error
    assert (outcome.status, outcome.is_permanent, outcome.is_unfit) == ("failed", True, True)


def test_a_permanent_failure_is_marked() -> None:
    assert executed("tests.fail", permanent=True).is_permanent


def test_a_degraded_run_lists_what_failed() -> None:
    outcome = executed("tests.degrade")

    assert (outcome.status, outcome.reason) == ("degraded", "1 of 3 symbols failed")
    assert outcome.result == {
        "result": {"done": 2},
        "failed": ["XYZ"],
        "retry": {"symbols": ["XYZ"]},
    }


def test_a_result_that_json_cannot_hold_fails_for_good() -> None:
    outcome = executed("tests.unjsonable")

    assert "The task returned what JSON cannot hold" in outcome.error
    assert (outcome.is_permanent, outcome.is_unfit) == (True, False)


def test_logs_progress_and_artifacts_belong_to_the_run() -> None:
    install_capture()
    memory = Memory()

    executed("tests.talk", memory, lines=2)

    assert [line.message for line in memory.lines] == ["line 0", "line 1"]
    assert memory.progresses == [{"done": 2, "total": 2, "message": "all said"}]
    assert memory.artifacts == {"said.txt": b"so many lines\n"}


def test_a_flood_of_lines_is_cut_with_a_line_that_says_so() -> None:
    install_capture()
    memory = Memory()

    executed("tests.talk", memory, cap=3, lines=50)

    assert len(memory.lines) == 4
    assert memory.lines[-1].message.startswith("The log is full: 3 lines")


def test_lines_outside_of_a_run_belong_to_none() -> None:
    install_capture()
    memory = Memory()
    executed("tests.echo", memory)

    logging.getLogger("elsewhere").warning("not yours")

    assert memory.lines == []


def test_a_log_call_whose_arguments_do_not_fit_harms_no_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    memory = Memory()
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%d items", ("many",), None)

    with capture_logs(7, "job", memory, 10):
        RunLogHandler().handle(record)

    assert memory.lines == []
    assert "TypeError" in capsys.readouterr().err


def test_lines_of_a_run_name_it_for_the_console(caplog: pytest.LogCaptureFixture) -> None:
    install_capture()

    executed("tests.talk", lines=1)

    (record,) = [record for record in caplog.records if record.name == "tests.tasks"]
    assert (record.job_id, record.run_id) == ("job", 7)  # type: ignore[attr-defined]


def test_an_exception_that_cannot_say_what_it_is_fails_its_run() -> None:
    assert executed("tests.mute").error.startswith("MuteError: (its text cannot be read")


def test_a_stopped_async_task_is_cancelled() -> None:
    stop = StopSignal()
    stop.set()

    outcome = execute(run_of("tests.sleep_async", seconds=60), sink=Memory(), stop=stop, log_cap=10)

    assert outcome.error == "CancelledError"
