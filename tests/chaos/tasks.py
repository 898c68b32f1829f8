"""Tasks that can be counted from outside, and tasks that nobody should write."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import Any

from django.db import connection, transaction

from scheduling.context import RunContext
from scheduling.exceptions import TaskFailed
from scheduling.models import Job
from scheduling.registry import task

logger = logging.getLogger(__name__)
CODE = os.environ.get("CHAOS_CODE", "all")  # "old" or "new": the code of a deployment


def note(ctx: RunContext, path: str) -> None:
    """Append a line in one write, so that lines of many processes do not mix."""
    words = (ctx.run.job_key, ctx.scheduled_at.isoformat(), ctx.run.attempt, os.getpid())
    line = " ".join(map(str, (*words, f"{time.time():.3f}")))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


@task("chaos.work", timeout=60, retry_lost=True, max_attempts=3, backoff=0)
def work(ctx: RunContext, path: str, seconds: float = 0.0) -> int:
    """Leave a line, then take a while, if it is the first attempt."""
    note(ctx, path)
    end = time.monotonic() + (seconds if ctx.run.attempt == 1 else 0)
    while time.monotonic() < end and not ctx.should_stop():
        time.sleep(0.01)
    return os.getpid()


@task("chaos.order", timeout=60, max_attempts=3, backoff=0)
def order(ctx: RunContext, path: str, seconds: float = 0.0) -> int:
    """Do what must not be done twice."""
    return int(work(ctx, path, seconds))


@task("chaos.work_isolated", isolation="process", timeout=60, retry_lost=True, max_attempts=2)
def work_isolated(ctx: RunContext, path: str, seconds: float = 0.0) -> int:
    """Leave a line and take a while, in a process that can be killed."""
    return int(work(ctx, path, seconds))


@task("chaos.order_isolated", isolation="process", timeout=60)
def order_isolated(ctx: RunContext, path: str, seconds: float = 0.0) -> int:
    """Do what must not be done twice, in a process that can be killed."""
    return int(work(ctx, path, seconds))


@task("chaos.fail_at_first", max_attempts=4, backoff=1)
def fail_at_first(ctx: RunContext, path: str, times: int) -> int:
    """Fail so many times."""
    note(ctx, path)
    if ctx.run.attempt <= times:
        raise ConnectionError(f"attempt {ctx.run.attempt} failed")
    return ctx.run.attempt


@task("chaos.fail_for_good", max_attempts=4)
def fail_for_good(ctx: RunContext, path: str) -> None:
    """Fail in a way that no retry can mend."""
    note(ctx, path)
    raise TaskFailed("no such account", permanent=True)


@task("chaos.never_return", timeout=1)
def never_return() -> None:
    """Hang, deaf to every stop."""
    while True:
        time.sleep(1)


@task("chaos.never_return_isolated", isolation="process", timeout=1)
def never_return_isolated() -> None:
    """Hang, deaf to every stop, in a process."""
    never_return()


@task("chaos.eat_memory", isolation="process")
def eat_memory(megabytes: int) -> int:
    """Take memory, and touch it."""
    return len(b"x" * (megabytes << 20)) >> 20


@task("chaos.exit")
def leave(code: int = 3) -> None:
    """Try to end the whole process."""
    sys.exit(code)


@task("chaos.exit_at_once")
def exit_at_once(code: int = 0) -> None:
    """End the process without a word."""
    os._exit(code)


@task("chaos.exit_at_once_isolated", isolation="process")
def exit_at_once_isolated(code: int = 0) -> None:
    """End the child process without a word."""
    os._exit(code)


class NoError(BaseException):
    """What `except Exception` does not catch."""


@task("chaos.raise_base")
def raise_base() -> None:
    """Raise what few expect."""
    raise NoError("not an Exception")


@task("chaos.fork")
def fork() -> int:
    """Fork, and let both sides return."""
    return os.fork()


@task("chaos.fork_isolated", isolation="process")
def fork_isolated() -> int:
    """Fork, and let both sides return, in a process."""
    return os.fork()


@task("chaos.flood")
def flood(lines: int) -> None:
    """Log without end."""
    for number in range(lines):
        logger.info("line %d", number)


@task("chaos.return_object")
def return_object() -> object:
    """Return what JSON cannot hold."""
    return object()


@task("chaos.close_connection")
def close_connection(of_driver: bool) -> None:
    """Close the thread's database connection: Django's, or the driver's own under it."""
    connection.ensure_connection()
    if of_driver:
        connection.connection.close()
    else:
        connection.close()


@task("chaos.leave_transaction")
def leave_transaction(by_hand: bool) -> None:
    """Lock a row that the engine needs, and leave the transaction open."""
    if by_hand:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
    else:
        transaction.set_autocommit(False)
    Job.objects.update(description="locked")


if CODE != "old":

    @task("chaos.new_feature")
    def new_feature(ctx: RunContext, path: str) -> None:
        """Be missing in the code of yesterday."""
        note(ctx, path)


if CODE == "new":

    @task("chaos.changed")
    def changed(words: list[str]) -> Any:
        """Take what the code of tomorrow takes."""
        return words

else:

    @task("chaos.changed")
    def changed(text: str) -> Any:
        """Take what the code of yesterday took."""
        return text
