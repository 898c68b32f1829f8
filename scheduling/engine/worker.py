"""The worker's loop: claim what may start, end what must end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event, Thread

from django.db import close_old_connections, connection, transaction

from scheduling.attempts.claimed import ClaimedRun, Outcome
from scheduling.attempts.claiming import claim_due, give_back, look
from scheduling.database_errors import database_errors
from scheduling.engine.lane import Lane
from scheduling.models import Run
from scheduling.options import Options
from scheduling.registry import registry
from scheduling.wakeup import announce_runs

logger = logging.getLogger(__name__)

ENFORCE_EVERY = 0.2  # s between looks at timeouts while something runs
STALL_EVERY = 0.25  # s between looks whether claimed runs wait behind long ones
ASK_EVERY = 1.0  # s between calls for the help of other workers
ERROR_WAIT = 1.0  # s after a step that failed


class WorkerLoop:
    """Runs runs in the executors of this process until it is stopped.

    lanes       by isolation: "thread", "process"
    on_outcome  takes the outcome of a run that ends before it has begun
    """

    def __init__(
        self,
        *,
        worker_id: int,
        lanes: Mapping[str, Lane],
        on_outcome: Callable[[Outcome], None],
        options: Options | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.trouble = ""
        self._worker_id = worker_id
        self._lanes = lanes
        self._on_outcome = on_outcome
        self._options = options or Options()
        self._clock = clock
        self._woken = Event()
        self._stopping = Event()
        self._changed = True  # runs may have come in, or be told to stop
        self._asked_at = 0.0  # monotonic
        self._look_at = 0.0  # monotonic: when the next pending run may start
        self._thread = Thread(target=self._loop, name="worker", daemon=True)
        self._timekeeper = Thread(target=self._keep_time, name="timekeeper", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._timekeeper.start()

    def notice_change(self) -> None:
        """Look at the database at once: something was triggered, fired or cancelled."""
        self._changed = True
        self._woken.set()

    def notice_room(self) -> None:
        """Claim on: a lane has little left."""
        self._woken.set()

    def holds(self) -> set[int]:
        """Return the ids of the runs in the hands of this process."""
        return set().union(*(lane.holds() for lane in self._lanes.values()))

    def stop(self) -> None:
        """Claim nothing more and give back what has not begun. What runs goes on."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()
        self._timekeeper.join()

    def _keep_time(self) -> None:
        """End what is out of time, in a thread that no database can hold up."""
        while not self._stopping.wait(ENFORCE_EVERY):
            for lane in self._lanes.values():
                lane.executor.enforce_timeouts()

    def _loop(self) -> None:
        wait = 0.0
        while not self._stopping.is_set():
            self._woken.wait(wait)
            self._woken.clear()
            wait = self._surviving(self._step)
        self._surviving(self._give_back_all)
        connection.close()

    def _surviving(self, step: Callable[[], float]) -> float:
        """Take a step and return how long to wait for the next one."""
        try:
            close_old_connections()
            wait = step()
        except Exception as exc:  # a loop that must survive: the database may be away
            self._note_failure(exc)
            return ERROR_WAIT
        self.trouble = ""
        return wait

    def _note_failure(self, exc: Exception) -> None:
        database_errors.note(exc)
        if not self.trouble:
            logger.exception("The worker's loop stumbled; it goes on")
        self.trouble = f"{type(exc).__name__}: {exc}"
        self._changed = True
        connection.close()

    def _step(self) -> float:
        has_changed, self._changed = self._changed, False
        if has_changed or time.monotonic() >= self._look_at:
            self._look()
        for lane in self._lanes.values():
            self._fill(lane)
            self._give_back(lane.withdraw_stalled())
        self._ask_for_help()
        return self._seconds_to_wait()

    def _look(self) -> None:
        """See what may start, what shall stop and when to look again."""
        began, now = time.monotonic(), self._clock()
        tasks = {name: lane.tasks for name, lane in self._lanes.items() if lane.tasks}
        rooms = {name: room for name in tasks if (room := self._lanes[name].room())}
        found = look(worker_id=self._worker_id, tasks=tasks, rooms=rooms, now=now)
        self._look_at = began + self._seconds_to(found.next_due_at, now)
        self._stop(found.stops)
        for name in tasks:
            runs, lane = found.claims.get(name, []), self._lanes[name]
            lane.has_more = name not in rooms or len(runs) == rooms[name]
            lane.add(runs)

    def _fill(self, lane: Lane) -> None:
        while lane.has_more and (room := lane.room()):
            runs = claim_due(
                worker_id=self._worker_id, tasks=lane.tasks, limit=room, now=self._clock()
            )
            lane.has_more = len(runs) == room
            lane.add(runs)

    def _ask_for_help(self) -> None:
        """Wake the workers of other processes if there is more than this one can take."""
        has_more = any(lane.has_more for lane in self._lanes.values())
        if has_more and time.monotonic() - self._asked_at > ASK_EVERY:
            self._asked_at = time.monotonic()
            announce_runs()

    def _seconds_to(self, due_at: datetime | None, now: datetime) -> float:
        if due_at is None:
            return self._options.max_sleep
        return min((due_at - now).total_seconds(), self._options.max_sleep)

    def _give_back(self, runs: Sequence[ClaimedRun]) -> None:
        """Let other workers have what would wait here behind long runs."""
        if runs:
            with transaction.atomic():
                give_back(runs, worker_id=self._worker_id)
                announce_runs()

    def _give_back_all(self) -> float:
        for lane in self._lanes.values():
            self._give_back(lane.withdraw())
        return 0.0

    def _stop(self, reasons: Mapping[int, str]) -> None:
        """Tell runs of this process to stop that somebody cancelled, by id."""
        for lane in self._lanes.values() if reasons else ():
            for run in lane.withdraw(set(reasons)):
                self._on_outcome(self._cancelled(run, reasons[run.id]))
            for run_id, reason in reasons.items():
                lane.executor.stop(run_id, Run.Status.CANCELLED, reason)

    def _cancelled(self, run: ClaimedRun, reason: str) -> Outcome:
        now, status = self._clock(), Run.Status.CANCELLED
        return Outcome(run=run, status=status, started_at=now, finished_at=now, reason=reason)

    def _seconds_to_wait(self) -> float:
        if self._changed:
            return 0.0
        wait = max(self._look_at - time.monotonic(), 0.0)
        has_more = any(lane.has_more for lane in self._lanes.values())
        return min(wait, STALL_EVERY) if has_more else wait


def lane_of(isolation: str) -> Lane:
    """Return a lane for the tasks of that isolation which the code of this process knows."""
    tasks = [task for task in registry if task.isolation == isolation]
    return Lane([name for task in tasks for name in (task.name, *task.aliases)])
