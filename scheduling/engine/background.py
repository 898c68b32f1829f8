"""A scheduler inside the web process, for installations that want one process less.

Any number of web workers may do so: occurrences are unique in the database.
"""

from __future__ import annotations

import atexit
import logging
from threading import Event, Thread

from django.db import DatabaseError, InterfaceError

from scheduling.engine.daemon import Daemon

logger = logging.getLogger(__name__)

RETRY_EVERY = 5.0  # s until the database is there


def run_in_background() -> None:
    """Start a scheduler in threads, and stop it when the process exits."""
    daemon = Daemon()
    ending = Event()
    starter = Thread(target=_start, args=[daemon, ending], name="start-scheduler", daemon=True)
    starter.start()

    def stop() -> None:
        ending.set()
        starter.join()
        daemon.stop()

    atexit.register(stop)


def _start(daemon: Daemon, ending: Event) -> None:
    while not ending.is_set():
        try:
            daemon.start()
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("The scheduler in the web process waits for the database: %s", exc)
            ending.wait(RETRY_EVERY)
        else:
            return
