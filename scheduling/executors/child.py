"""Inside a child process of the isolated pool."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread

import django
from django.apps import apps

if not apps.ready:  # a spawned child imports this module before anything of Django
    django.setup()

from scheduling.attempts.calling import StopSignal, execute
from scheduling.attempts.capture import install_capture
from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.attempts.connections import tidy_connections
from scheduling.attempts.recorder import Recorder
from scheduling.options import Options

FLUSH_PATIENCE = 5.0  # s for the last log lines, before the outcome goes to the parent

recorders: list[Recorder] = []


def prepare() -> None:
    """Be ready to run runs, to die with the parent, and not to die of its Ctrl-C."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # a signal to the parent's group is the parent's to handle
    Thread(target=_die_with_parent, name="watch-parent", daemon=True).start()
    install_capture()
    recorder = Recorder(flush_every=Options().flush)
    recorder.start()
    recorders.append(recorder)


def run_in_child(run: ClaimedRun) -> Outcome:
    """Execute `run` here; logs, progress and artifacts go straight to the database."""
    recorder = recorders[0]
    outcome = execute(run, sink=recorder, stop=StopSignal(), log_cap=Options().log_lines)
    tidy_connections()
    recorder.flush(FLUSH_PATIENCE)
    return outcome


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
