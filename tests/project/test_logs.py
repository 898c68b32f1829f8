"""The console's lines: all of them, in their order, each once."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

PREPARED = """
import logging, logging.config, os, sys, time
from project.logs import logging_config
logging.config.dictConfig(logging_config("text", "INFO"))
log = logging.getLogger("some")
"""


def said(program: str) -> list[str]:
    """Run a program and return the words that end its lines on standard error."""
    command = [sys.executable, "-c", PREPARED + program]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    return [line.split()[-1] for line in done.stderr.splitlines()]


def test_lines_are_there_when_the_process_ends() -> None:
    assert said("for n in range(500): log.info(n)") == [str(n) for n in range(500)]


def test_lines_are_there_a_moment_later_although_the_process_dies() -> None:
    assert said("log.info('one'); log.info('two'); time.sleep(0.5); os._exit(1)") == ["one", "two"]


def test_an_error_and_all_before_it_is_there_at_once() -> None:
    assert said("log.info('one'); log.error('two'); os._exit(1)") == ["one", "two"]


def test_a_fork_writes_its_own_lines_and_not_those_of_its_parent() -> None:
    program = """
log.info("before")
child = os.fork()
log.info("parent" if child else "child")
if child:
    os.waitpid(child, 0)
"""

    assert sorted(said(program)) == ["before", "child", "parent"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_gone_stops_nothing(unbuffered: str) -> None:
    program = PREPARED + "print(1, flush=True); time.sleep(0.3); log.error('x'); print(2)"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stderr.close()
        deadline = time.monotonic() + 20

        assert process.stdout.read() == "2\n"
        assert process.wait(deadline - time.monotonic()) == 0
