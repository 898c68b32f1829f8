"""Run several processes as one: what each says is relayed, and they end together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import FrameType

from honcho.printer import Message, Printer
from honcho.process import Process

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK = 0.1  # s between two looks at the signals that came


class Together:
    """Processes that run until one of them ends, or a signal asks all to end.

    The first signal asks them with SIGTERM, and so does each further one: for the scheduler the
    second means "at once". After `patience` seconds they are killed. honcho's own manager gives
    them 5 seconds, and stumbles over a signal that comes while it starts.
    """

    def __init__(
        self, commands: Mapping[str, str], *, env: dict[str, str], cwd: Path, patience: float
    ) -> None:
        self._processes = [
            Process(command, name=name, env=env, cwd=cwd) for name, command in commands.items()
        ]
        self._printer = Printer(sys.stdout, width=max(map(len, [*commands, ""])))
        self._patience = patience
        self._events: SimpleQueue[Message] = SimpleQueue()
        self._alive: dict[str, int] = {}  # name -> process id, which leads its own group
        self._waiting_for = set(commands)  # those that have not said yet that they started
        self._asked = 0  # how often to end
        self._told = 0
        self._kill_at = float("inf")
        for number in ENDING:
            signal.signal(number, self._ask_to_end)

    def run(self) -> int:
        """Start them, wait for the end of all, and return 0 if they were asked to end."""
        for process in self._processes:
            Thread(target=process.run, args=(self._events,), daemon=True).start()
        died = False
        while self._waiting_for or self._alive:
            with suppress(Empty):
                died |= self._heed(self._events.get(timeout=TICK))
            self._pass_on()
        return 1 if died else 0

    def say(self, text: str) -> None:
        """Print a line. That nobody reads any more ends no process."""
        with suppress(OSError):
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def _ask_to_end(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _heed(self, event: Message) -> bool:
        """Take note of an event; return whether a process died that should not."""
        if event.type == "line":
            with suppress(OSError):
                self._printer.write(event)
        elif event.type == "start":
            self._alive[event.name] = event.data["pid"]
            self._waiting_for.remove(event.name)
        else:
            del self._alive[event.name]
            if not self._asked:
                self.say(f"{event.name} ended by itself: {_in_words(event.data['returncode'])}")
                self._asked = 1
                return True
        return False

    def _pass_on(self) -> None:
        if self._told < self._asked and not self._waiting_for:
            if not self._told and self._alive:
                self.say("Ending, when running runs are done (Ctrl-C again: at once)")
            self._told = self._asked
            self._kill_at = min(self._kill_at, time.monotonic() + self._patience)
            self._signal(signal.SIGTERM)
        if time.monotonic() > self._kill_at:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for process_id in self._alive.values():
            with suppress(ProcessLookupError):
                os.killpg(process_id, number)


def _in_words(returncode: int) -> str:
    """Say how a process ended; the negative numbers of subprocess are signals."""
    if returncode >= 0:
        return f"exit code {returncode}"
    number = -returncode
    known = {each.value for each in signal.Signals}
    return f"killed by {signal.Signals(number).name if number in known else f'signal {number}'}"
