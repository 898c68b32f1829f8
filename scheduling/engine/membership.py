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

from scheduling.models import Worker
from scheduling.registry import registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a heartbeat tells about the process."""

    last_tick_at: datetime | None = None
    trouble: str = ""


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
        self._steady_since = 0.0  # monotonic
        self._last_beat = (0.0, clock())  # monotonic, and by the clock
        self._leaving = Event()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def join(self) -> int:
        """Register the process and return the id under which it claims runs."""
        now = self._clock()
        worker = Worker.objects.create(
            name=f"{socket.gethostname()}:{os.getpid()}",
            is_scheduler=self._is_scheduler,
            tasks=registry.all_names(),
            capacity=self._capacity,
            started_at=now,
            heartbeat_at=now,
        )
        self.worker_id = worker.pk
        self._last_beat = (time.monotonic(), now)
        self._steady_since = time.monotonic()
        self._thread.start()
        return worker.pk

    def is_steady(self) -> bool:
        """Tell whether this process may call others dead.

        Not just after it joined, nor after an outage of the database or a jump of the clock:
        for a moment every heartbeat looks old then.
        """
        return time.monotonic() - self._steady_since >= 2 * self._every

    def leave(self) -> None:
        """Say good-bye: this process ends in good order."""
        self._leaving.set()
        self._thread.join()
        now = self._clock()
        Worker.objects.filter(pk=self.worker_id).update(stopped_at=now, heartbeat_at=now)

    def _beat(self) -> None:
        pause = 0.2  # the first heartbeat tells of the first tick
        while not self._leaving.wait(pause):
            pause = self._every
            try:
                close_old_connections()
                self._write()
            except (DatabaseError, InterfaceError) as exc:
                logger.warning("The heartbeat could not be written: %s", exc)
                connection.close()
                pause = min(1.0, self._every)
        connection.close()

    def _write(self) -> None:
        vitals = self._vitals()
        # A worker that was taken for dead while its machine slept is alive again.
        Worker.objects.filter(pk=self.worker_id).update(
            heartbeat_at=self._clock(),
            last_tick_at=vitals.last_tick_at,
            trouble=vitals.trouble,
            stopped_at=None,
        )
        self._note_beat()

    def _note_beat(self) -> None:
        ticked, told = time.monotonic() - self._last_beat[0], self._clock() - self._last_beat[1]
        has_jumped = abs(told.total_seconds() - ticked) > self._every
        if has_jumped:
            logger.error("The clock jumped by %.0f s", told.total_seconds() - ticked)
        if has_jumped or ticked > 3 * self._every:
            self._steady_since = time.monotonic()
        self._last_beat = (time.monotonic(), self._clock())
