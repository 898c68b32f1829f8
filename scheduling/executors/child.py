"""Inside a child process of the isolated pool."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Thread

import django
from django.apps import apps

if not apps.ready:  # a spawned child imports this module before anything of Django
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # a signal to the parent's group is the parent's to handle
    django.setup()

from scheduling.attempts.calling import StopSignal, execute
from scheduling.attempts.capture import install_capture
from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.attempts.connections import tidy_connections
from scheduling.attempts.recorder import Recorder
from scheduling.options import Options

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

FLUSH_PATIENCE = 5.0  # s for the last log lines, before the outcome goes to the parent


def serve(parent: Connection) -> None:
    """Execute the runs that the parent sends, until it hangs up."""
    recorder = prepare()
    parent.send("ready")
    with suppress(EOFError, OSError):  # it hung up
        while True:
            run = parent.recv()
            parent.send("begun")  # what dies from here on may have done a part
            parent.send(run_in_child(run, recorder))


def prepare() -> Recorder:
    """Be ready to run runs, to die with the parent, and to leave its signals to it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not SIG_IGN: the programs that a task starts would inherit that.
        signal.signal(number, lambda number, frame: None)
    Thread(target=_die_with_parent, name="watch-parent", daemon=True).start()
    install_capture()
    limit_memory(Options().process_memory_mb)
    recorder = Recorder(flush_every=Options().flush)
    recorder.start()
    return recorder


def run_in_child(run: ClaimedRun, recorder: Recorder) -> Outcome:
    """Execute `run` here; logs, progress and artifacts go straight to the database."""
    options = Options()
    outcome = execute(run, sink=recorder, stop=StopSignal(), log_cap=options.log_lines)
    tidy_connections()
    recorder.flush(FLUSH_PATIENCE)
    if outcome.is_out_of_memory:
        outcome = replace(
            outcome,
            error=f"The task needed more than the {options.process_memory_mb} MB of memory that "
            f"its process may have (SCHEDULING_PROCESS_MEMORY_MB).",
        )
    return outcome


def limit_memory(megabytes: int) -> None:
    """Let allocations beyond fail with MemoryError; 0: no limit but the machine's.

    Counted is what the process can write to and shares with nobody: neither code nor files that
    it only maps.
    """
    if megabytes and resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, most))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with all that the run started
        os._exit(1)
