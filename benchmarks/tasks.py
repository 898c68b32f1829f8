"""The work that is measured: nothing but a mark of when it began."""

from __future__ import annotations

from benchmarks.marks import mark
from scheduling.registry import task


@task("benchmarks.noop", timeout=60)
def noop() -> None:
    """Leave a mark."""
    mark()


@task("benchmarks.isolated", timeout=60, isolation="process")
def isolated() -> None:
    """Leave a mark, in a child process."""
    mark()
