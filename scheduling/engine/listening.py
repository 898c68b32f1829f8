"""Hearing of changes that other processes made, within milliseconds."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Event, Thread

import psycopg
from django.db import DatabaseError, InterfaceError, connection

from scheduling.options import Options
from scheduling.wakeup import CHANNEL, CLOCKS, change_number

logger = logging.getLogger(__name__)

RETRY_WAIT = 1.0  # s after the connection was lost
LOOK_UP = 0.5  # s between looks whether to stop
SETTLE = (0.005, 0.04)  # s in which further changes come together: at first, and in a crowd
CROWD = 2  # changes heard at once: the next ones will be claimed together


class Listener(ABC):
    """Calls `on_change` from a thread of its own, until it is stopped.

    on_change  is told whether clocks may have changed, or runs only
    """

    def __init__(self, on_change: Callable[[bool], None]) -> None:
        self._on_change = on_change
        self._stopping = Event()
        self._thread = Thread(target=self._loop, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (DatabaseError, InterfaceError, psycopg.Error) as exc:
                logger.warning("Listening for changes was interrupted: %s", exc)
                self._stopping.wait(RETRY_WAIT)
        connection.close()

    @abstractmethod
    def _listen(self) -> None:
        """Listen until it is stopped or the database goes away."""


class NotifyListener(Listener):
    """PostgreSQL tells by NOTIFY."""

    def _listen(self) -> None:
        parameters = connection.get_connection_params()
        parameters = {
            name: value
            for name, value in parameters.items()
            if name not in ("cursor_factory", "context", "prepare_threshold")
        }
        with psycopg.connect(**parameters, autocommit=True) as listening:
            listening.execute(f"LISTEN {CHANNEL}")
            self._on_change(True)  # for what was said while nobody listened
            settle, longest = SETTLE
            while not self._stopping.is_set():
                heard = [one.payload for one in listening.notifies(timeout=LOOK_UP, stop_after=1)]
                if heard:
                    self._on_change(CLOCKS in heard)
                    self._stopping.wait(settle)
                settle = min(2 * settle, longest) if len(heard) > CROWD else SETTLE[0]


class PollListener(Listener):
    """SQLite tells nobody, but says at next to no cost whether another connection wrote."""

    def __init__(self, on_change: Callable[[bool], None], every: float) -> None:
        super().__init__(on_change)
        self._every = every

    def _listen(self) -> None:
        version, number = -1, -1
        while not self._stopping.wait(self._every):
            if (latest := _data_version()) == version:
                continue
            version = latest
            if (counted := change_number()) != number:
                number = counted
                self._on_change(True)


def listener(on_change: Callable[[bool], None], options: Options) -> Listener:
    """Return the listener for the database in use."""
    if connection.vendor == "postgresql":
        return NotifyListener(on_change)
    return PollListener(on_change, options.poll)


def _data_version() -> int:
    """Ask the driver itself: twenty times a second Django's cursors would show."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        row = connection.connection.execute("PRAGMA data_version").fetchone()
    return int(row[0])
