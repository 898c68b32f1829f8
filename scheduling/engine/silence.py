"""Which workers have fallen silent: whose heartbeat stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from scheduling.models import Worker


class Silence:
    """Watches the heartbeats of the others.

    A heartbeat is an instant of its worker's clock, which may be ahead of ours or behind, by
    years. Whether it moves is seen without any clock.

    beat   in which a living worker moves its heartbeat
    watch  a clock that nobody sets
    """

    def __init__(
        self,
        *,
        own_id: int,
        lease: timedelta,
        beat: timedelta,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own_id = own_id
        self._lease = lease
        self._beat = beat
        self._watch = watch
        self._seen: dict[int, tuple[datetime, float]] = {}  # heartbeat, and when first seen

    def look(self, now: datetime) -> list[Worker]:
        """Look at the heartbeats, and return the workers that are dead, as far as one can see."""
        workers = list(Worker.objects.unburied().exclude(pk=self._own_id))
        seen_at = self._watch()
        seen = {worker.pk: (worker.heartbeat_at, seen_at) for worker in workers}
        self._seen = {pk: self._earlier(pk, *sight) for pk, sight in seen.items()}
        return [worker for worker in workers if self._is_dead(worker, now, seen_at)]

    def _earlier(self, pk: int, heartbeat_at: datetime, seen_at: float) -> tuple[datetime, float]:
        known = self._seen.get(pk)
        return known if known and known[0] == heartbeat_at else (heartbeat_at, seen_at)

    def _is_dead(self, worker: Worker, now: datetime, seen_at: float) -> bool:
        heartbeat_at, since = self._seen[worker.pk]
        still = timedelta(seconds=seen_at - since)
        # One that was silent before we came to watch need not be watched for a whole lease.
        return still >= self._lease or (still >= self._beat and now - heartbeat_at > self._lease)
