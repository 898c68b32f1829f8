"""A warm child process, as its parent sees it: it runs one run after the other.

Each has a pipe of its own and shares no lock with the others, so that any of them can be killed
at any moment and harms nobody else.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from typing import Any

import scheduling.executors.child as child
from scheduling.attempts.claimed import ClaimedRun, Outcome

LOOK_EVERY = 0.1  # s between looks whether it lives: what it started may hold its pipe open
LAST_WORDS = 1.0  # s for the operating system to take a killed process away


class ChildDied(Exception):
    """The child process ended before it said how its run had ended."""


class NothingBegan(ChildDied):
    """It ended before it took the run: another one may."""


class Child:
    """A process for one run at a time. `kill` may come from any thread, the rest from one.

    Raise OSError if the operating system gives no process.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=child.serve, args=[theirs], name="isolated")
        self._process.start()
        theirs.close()
        self._is_ready = False
        self._is_killed = False
        self.began_at = time.monotonic()
        atexit.register(self.kill)  # multiprocessing would wait for it, for ever

    @property
    def is_fit(self) -> bool:
        """Tell whether it can take a run."""
        return not self._is_killed and self._process.is_alive()

    def await_readiness(self) -> None:
        """Wait until its code is loaded; raise ChildDied if it does not come up."""
        if not self._is_ready:
            self._receive()
            self._is_ready = True

    def execute(self, run: ClaimedRun) -> Outcome:
        """Return how `run` ended in the child.

        Raise NothingBegan if it never took the run, ChildDied if nobody will ever know.
        """
        try:
            self._pipe.send(run)
            self._receive()  # it has the run
        except (ChildDied, OSError) as exc:
            raise NothingBegan(self._obituary()) from exc
        outcome: Outcome = self._receive()
        return outcome

    def kill(self) -> None:
        """End it at once, and all that it started."""
        self._is_killed = True
        if self._process.exitcode is not None or self._process.pid is None:
            return
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):  # it does not lead its own group yet
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def bury(self) -> None:
        """Free what it held."""
        self.kill()
        self._process.join(LAST_WORDS)
        self._pipe.close()
        atexit.unregister(self.kill)

    def _receive(self) -> Any:
        try:
            while not self._pipe.poll(LOOK_EVERY):
                if not self._process.is_alive() and not self._pipe.poll():
                    raise EOFError
            return self._pipe.recv()
        except (EOFError, OSError) as exc:
            raise ChildDied(self._obituary()) from exc

    def _obituary(self) -> str:
        self._process.join(LAST_WORDS)
        code = self._process.exitcode
        if code is None or self._is_killed:
            return "Its process was killed."
        if code == -signal.SIGKILL:
            return "Its process was killed (SIGKILL). The machine may be out of memory."
        if code < 0:
            return f"Its process died of signal {-code} ({signal.strsignal(-code)})."
        return f"Its process died (exit code {code})."
