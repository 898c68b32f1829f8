"""Real tasks, small ones, for the tests of the engine and of its entry points."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from scheduling.registry import task

logger = logging.getLogger(__name__)


@task("tests.echo", timeout=60, label="Echo")
def echo(text: str = "hello", times: Annotated[int, Field(ge=1, le=10)] = 1) -> str:
    """Return the text, so many times."""
    return " ".join([text] * times)


@task("tests.typed", aliases=("tests.former_name",), max_attempts=3, backoff=7, retry_lost=True)
def typed(
    amount: Annotated[Decimal, Field(ge=0, description="In dollars.")],
    mode: Literal["fast", "slow"] = "fast",
    symbols: list[str] = [],  # noqa: B006  # a default in a schema
    limit: int | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Take a parameter of each common type."""
    return {"amount": amount, "mode": mode, "symbols": symbols, "limit": limit, "dry": dry_run}


@task("tests.append")
def append(ctx: RunContext, path: str) -> None:
    """Append a line to a file, so that executions can be counted from outside."""
    words = (ctx.run.job_key, ctx.scheduled_at.isoformat(), str(ctx.run.attempt), str(os.getpid()))
    line = f"{' '.join(words)}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode())
    os.close(descriptor)


@task("tests.append_isolated", isolation="process")
def append_isolated(ctx: RunContext, path: str) -> int:
    """Append a line from a child process, and return its id."""
    append(ctx, path)
    return os.getpid()


@task("tests.talk")
def talk(ctx: RunContext, lines: int = 3) -> str:
    """Log, show progress and leave an artifact."""
    for number in range(lines):
        logger.info("line %d", number)
    ctx.progress(lines, lines, "all said")
    ctx.artifact("said.txt", "so many lines\n")
    return "done"


@task("tests.talk_isolated", isolation="process")
def talk_isolated(ctx: RunContext, lines: int = 3) -> str:
    """Log, show progress and leave an artifact, from a child process."""
    return str(talk(ctx, lines))


@task("tests.fail")
def fail(message: str = "no such file", permanent: bool = False) -> None:
    """Fail for a reason that is no bug."""
    raise TaskFailed(message, permanent=permanent)


@task("tests.crash")
def crash() -> None:
    """Fail with a bug."""
    raise ZeroDivisionError("a bug")


@task("tests.exit")
def leave() -> None:
    """Try to end the whole process."""
    sys.exit(3)


@task("tests.exit_isolated", isolation="process")
def leave_at_once(code: int = 3) -> None:
    """End the child process without a word."""
    os._exit(code)


@task("tests.fork")
def fork() -> int:
    """Fork, and let both sides return."""
    return os.fork()


@task("tests.fork_isolated", isolation="process")
def fork_isolated() -> int:
    """Fork in a child process, and let both sides return."""
    return os.fork()


@task("tests.eat_isolated", isolation="process")
def eat_isolated(megabytes: int) -> int:
    """Take memory in a child process, and return its id."""
    return len(b"x" * (megabytes << 20)) and os.getpid()


@task("tests.degrade")
def degrade(symbols: list[str] | None = None) -> Degraded:
    """Finish although an item failed."""
    retry = {"symbols": ["XYZ"]}
    return Degraded({"done": 2}, "1 of 3 symbols failed", ["XYZ"], retry=retry)


@task("tests.unjsonable")
def unjsonable() -> object:
    """Return what JSON cannot hold."""
    return object()


@task("tests.sleep")
def sleep(ctx: RunContext, seconds: float = 1.0, heed_stop: bool = True) -> str:
    """Sleep, and wake up early when told to stop, if it heeds that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if heed_stop and ctx.should_stop():
            return "stopped"
        time.sleep(0.01)
    return "slept"


@task("tests.sleep_isolated", isolation="process")
def sleep_isolated(seconds: float = 1.0) -> str:
    """Sleep in a child process, deaf to everything."""
    time.sleep(seconds)
    return "slept"


@task("tests.sleep_async")
async def sleep_async(seconds: float = 1.0) -> str:
    """Sleep without a thread of its own."""
    await asyncio.sleep(seconds)
    return "slept"


@task("tests.fail_until")
def fail_until(ctx: RunContext, attempt: int) -> int:
    """Fail before the given attempt."""
    if ctx.run.attempt < attempt:
        raise ConnectionError(f"attempt {ctx.run.attempt} failed")
    return ctx.run.attempt


@task("tests.write_marker")
def write_marker(path: str) -> None:
    """Create an empty file."""
    Path(path).touch()


class MuteError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@task("tests.mute")
def mute() -> None:
    """Fail without words."""
    raise MuteError
