"""A process's row among the workers, and the heartbeat that keeps it alive."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from scheduling.database_errors import database_errors
from scheduling.models import Worker
from scheduling.registry import registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a heartbeat tells about the process."""

    last_tick_at: datetime | None = None
    trouble: str = ""
    database_errors: int = 0  # since the process started


class Membership:
    """Says every few seconds that this process lives, in a thread of its own."""

    def __init__(
        self,
        *,
        is_scheduler: bool,
        capacity: int,
        every: float,
        vitals: Callable[[], Vitals] = Vitals,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.worker_id = 0
        self._is_scheduler = is_scheduler
        self._capacity = capacity
        self._every = every
        self._vitals = vitals
        self._clock = clock
        self._joined_at = clock()
        self._steady_since = 0.0  # monotonic
        self._last_beat = (0.0, clock())  # monotonic, and by the clock
        self._leaving = Event()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def join(self) -> int:
        """Register the process and return the id under which it claims runs."""
        now = self._clock()
        self._joined_at = now
        self.worker_id = self._register(now)
        self._last_beat = (time.monotonic(), now)
        self._steady_since = time.monotonic()
        self._thread.start()
        return self.worker_id

    def _register(self, now: datetime, **values: int) -> int:
        worker = Worker.objects.create(
            name=f"{socket.gethostname()}:{os.getpid()}",
            is_scheduler=self._is_scheduler,
            tasks=registry.all_names(),
            capacity=self._capacity,
            started_at=self._joined_at,
            heartbeat_at=now,
            **values,
        )
        return worker.pk

    def is_steady(self) -> bool:
        """Tell whether this process may call others dead.

        Not just after it joined, nor during and after an outage of the database or a jump of
        the clock: every heartbeat looks old then.
        """
        ticked, jump = self._since_last_beat()
        is_late = ticked > 2 * self._every or abs(jump) > self._every
        return not is_late and time.monotonic() - self._steady_since >= 2 * self._every

    def leave(self) -> None:
        """Say good-bye: this process ends in good order."""
        self._leaving.set()
        self._thread.join()
        now = self._clock()
        try:
            Worker.objects.filter(pk=self.worker_id).update(stopped_at=now, heartbeat_at=now)
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("The good-bye could not be written; the lease will end it: %s", exc)

    def _beat(self) -> None:
        pause = 0.2  # the first heartbeat tells of the first tick
        while not self._leaving.wait(pause):
            pause = self._every
            try:
                close_old_connections()
                self._write()
            except (DatabaseError, InterfaceError) as exc:
                database_errors.note(exc)
                logger.warning("The heartbeat could not be written: %s", exc)
                connection.close()
                pause = min(1.0, self._every)
        connection.close()

    def _write(self) -> None:
        vitals = self._vitals()
        now = self._clock()
        # A worker that was taken for dead while its machine slept is alive again.
        is_known = Worker.objects.filter(pk=self.worker_id).update(
            heartbeat_at=now,
            last_tick_at=vitals.last_tick_at,
            trouble=vitals.trouble,
            database_errors=vitals.database_errors,
            stopped_at=None,
        )
        if not is_known:  # the row was deleted, or an older database was restored
            self._register(now, pk=self.worker_id)
        self._note_beat()

    def _note_beat(self) -> None:
        ticked, jump = self._since_last_beat()
        if abs(jump) > self._every:
            logger.error("The clock jumped by %.0f s", jump)
        if abs(jump) > self._every or ticked > 2 * self._every:
            self._steady_since = time.monotonic()
        self._last_beat = (time.monotonic(), self._clock())

    def _since_last_beat(self) -> tuple[float, float]:
        """Return the seconds that passed, and by how many more the clock was moved."""
        beaten, told = self._last_beat
        ticked = time.monotonic() - beaten
        return ticked, (self._clock() - told).total_seconds() - ticked
