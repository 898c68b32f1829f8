"""The scheduler: APScheduler's loop around our tick."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from django.db import close_old_connections, connection

from scheduling.database_errors import database_errors
from scheduling.engine.due import next_fire_time
from scheduling.engine.tick import fire_due_jobs
from scheduling.jobstore import JobStore
from scheduling.options import Options

logger = logging.getLogger(__name__)

FIRST_BATCH = 50  # small, so that the first runs start while the others are written down
HELD_ELSEWHERE = 0.05  # s until a due job that another scheduler held is looked at again
RETRY_WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)  # s after a tick that failed, the last one for ever


class Scheduler(BackgroundScheduler):
    """Fires due jobs until it is shut down, whatever the database does meanwhile.

    last_tick_at  when the last tick succeeded, None before the first
    trouble       why the last tick failed, empty if it did not
    """

    def __init__(
        self,
        *,
        on_fired: Callable[[], None],
        options: Options | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(jobstores={"default": JobStore()}, timezone=UTC)
        self.last_tick_at: datetime | None = None
        self.trouble = ""
        self._on_fired = on_fired
        self._options = options or Options()
        self._clock = clock
        self._failures = 0

    def _process_jobs(self) -> float | None:
        """Tick, and return how long to sleep. An error never ends the loop."""
        if self.state != STATE_RUNNING:
            return None
        try:
            close_old_connections()
            wait = self._tick()
        except Exception as exc:  # a loop that must survive: the database may be away for a while
            return self._wait_after(exc)
        if self._failures:
            logger.info("The scheduler works again after %d failed ticks", self._failures)
        self._failures = 0
        self.trouble = ""
        self.last_tick_at = self._clock()
        return wait

    def _tick(self) -> float:
        next_at = next_fire_time()
        limit = FIRST_BATCH
        while next_at is not None and next_at <= self._clock():
            tick = fire_due_jobs(self._clock(), limit=limit, options=self._options)
            self.last_tick_at = self._clock()
            if tick.recorded:
                self._on_fired()
            if not tick.is_full:
                next_at = next_fire_time()
                break
            limit = min(2 * limit, self._options.batch)
        return self._seconds_to(next_at)

    def _seconds_to(self, next_at: datetime | None) -> float:
        if next_at is None:
            return self._options.max_sleep
        seconds = (next_at - self._clock()).total_seconds()
        return min(max(seconds, HELD_ELSEWHERE if seconds <= 0 else 0), self._options.max_sleep)

    def _wait_after(self, exc: Exception) -> float:
        wait = RETRY_WAITS[min(self._failures, len(RETRY_WAITS) - 1)]
        self._failures += 1
        database_errors.note(exc)
        self.trouble = f"{type(exc).__name__}: {exc}"
        if self._failures == 1:
            logger.exception("A tick failed; the scheduler goes on")
        else:
            logger.error("Tick %d in a row failed: %s", self._failures, self.trouble)
        connection.close()
        return wait

    def _main_loop(self) -> None:
        try:
            super()._main_loop()
        finally:
            connection.close()
