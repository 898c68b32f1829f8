"""One attempt of a run: call the task, and say how it ended. Every executor ends here."""

from __future__ import annotations

import asyncio
import logging
import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any, Protocol

from asgiref.sync import async_to_sync

from scheduling.attempts.capture import LineSink, capture_logs
from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.attempts.text import as_json, storable, text_of
from scheduling.context import Degraded, Recording, RunContext, running
from scheduling.exceptions import InvalidParams, TaskFailed, UnknownTask
from scheduling.models import Run
from scheduling.registry import Task, registry

logger = logging.getLogger("scheduling.runs")

Status = Run.Status


class Sink(Recording, LineSink, Protocol):
    """Takes what a run says while it runs."""


class StopSignal(Event):
    """Set when a run shall stop; an async task is cancelled at once."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], object]] = []

    def on_set(self, callback: Callable[[], object]) -> None:
        self._callbacks.append(callback)
        if self.is_set():
            callback()

    def set(self) -> None:
        super().set()
        for callback in self._callbacks:
            callback()


def execute(
    run: ClaimedRun,
    *,
    sink: Sink,
    stop: StopSignal,
    log_cap: int,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Run the task of `run` to its end, whatever it does, and return the outcome."""
    started_at, process_id = clock(), os.getpid()
    with capture_logs(run.id, run.job_key, sink, log_cap):
        ending = _ending(run, sink, stop)
    if os.getpid() != process_id:
        os._exit(1)  # a fork that the task let go: a second worker on the same connections
    return Outcome(run=run, started_at=started_at, finished_at=clock(), **ending)


def log_start(run: ClaimedRun) -> None:
    """Write the line by which an operator sees that a run starts."""
    extra = {"job_id": run.job_key, "run_id": run.id}
    logger.info("[%s] Starting run %d", run.job_key, run.id, extra=extra)


def log_outcome(outcome: Outcome) -> None:
    """Write the line by which an operator sees how an attempt ended."""
    run = outcome.run
    took = outcome.duration.total_seconds() * 1000
    extra = {"job_id": run.job_key, "run_id": run.id, "execution_time_ms": round(took, 1)}
    if outcome.status in (Status.SUCCEEDED, Status.DEGRADED):
        logger.info("[%s] completed in %.0f ms", run.job_key, took, extra=extra)
    else:
        level = logging.WARNING if outcome.status == Status.CANCELLED else logging.ERROR
        said, status = outcome.error or outcome.reason, outcome.status
        logger.log(level, "[%s] %s after %.0f ms: %s", run.job_key, status, took, said, extra=extra)


def _ending(run: ClaimedRun, sink: Sink, stop: StopSignal) -> dict[str, Any]:
    """Return status, result and errors of one call of the task."""
    try:
        task = registry.get(run.task)
        arguments = task.parameters.bind(run.params)
    except UnknownTask as exc:
        return _unfit(str(exc))
    except InvalidParams as exc:
        return _unfit(f"The parameters do not fit the task: {exc}")
    if name := task.parameters.context_name:
        arguments[name] = RunContext(
            run=run.info, log=logging.getLogger(run.task), recording=sink, stop=stop
        )
    try:
        with running(run.info):
            returned = _call(task, arguments, stop)
        return _finished(returned)
    except TaskFailed as exc:
        return {
            "status": Status.FAILED,
            "error": storable(text_of(exc)),
            "is_permanent": exc.permanent,
        }
    except BaseException as exc:  # a task's sys.exit() must end its run, not the worker's thread
        return _crashed(exc)


def _call(task: Task, arguments: dict[str, Any], stop: StopSignal) -> Any:
    if not task.is_async:
        return task.function(**arguments)
    # Not asyncio.run(): this brings the task's database work back to this thread.
    return async_to_sync(_stoppable)(task, arguments, stop)


async def _stoppable(task: Task, arguments: dict[str, Any], stop: StopSignal) -> Any:
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(task.function(**arguments))
    stop.on_set(lambda: None if loop.is_closed() else loop.call_soon_threadsafe(work.cancel))
    return await work


def _finished(value: Any) -> dict[str, Any]:
    try:
        if not isinstance(value, Degraded):
            return {"status": Status.SUCCEEDED, "result": as_json(value)}
        result = {"result": value.result, "failed": list(value.failed)}
        if value.retry is not None:
            result["retry"] = dict(value.retry)
        return {
            "status": Status.DEGRADED,
            "result": as_json(result),
            "reason": storable(value.reason),
        }
    except (TypeError, ValueError, RecursionError) as exc:
        message = f"The task returned what JSON cannot hold: {exc}. Return numbers, text, lists."
        return {"status": Status.FAILED, "error": storable(message), "is_permanent": True}


def _unfit(error: str) -> dict[str, Any]:
    return {
        "status": Status.FAILED,
        "error": storable(error),
        "is_permanent": True,
        "is_unfit": True,
    }


def _crashed(exc: BaseException) -> dict[str, Any]:
    text, name = text_of(exc), type(exc).__name__
    return {
        "status": Status.FAILED,
        "error": storable(f"{name}: {text}" if text else name),
        "traceback": storable("".join(traceback.format_exception(exc))),
        "is_out_of_memory": isinstance(exc, MemoryError),
    }


def overruled(outcome: Outcome, status: str, reason: str) -> Outcome:
    """Return `outcome` as ended by the engine, not by the task: timed out or cancelled."""
    return replace(
        outcome, status=status, reason=reason, error="", traceback="", is_permanent=False
    )
