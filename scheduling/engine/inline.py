"""Running one run in the current process, for commands that wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection

from scheduling.attempts.capture import install_capture
from scheduling.attempts.claiming import claim_one
from scheduling.attempts.recorder import Recorder
from scheduling.database_errors import database_errors
from scheduling.engine.membership import Membership
from scheduling.engine.sweeping import bury, release_held_runs
from scheduling.executors.threads import ThreadExecutor
from scheduling.models import Job, Run, Worker
from scheduling.options import Options

LOOK_EVERY = 0.05  # s
LAST_WRITES = 30.0  # s


def bury_the_dead() -> None:
    """End runs of workers that died long ago, which would keep a run of their job from starting.

    A living scheduler does so within the lease. This process cannot tell a worker that died from
    one whose machine slept, so it waits ten times as long.
    """
    now, lease = datetime.now(UTC), timedelta(seconds=Options().lease)
    bury(Worker.objects.dead(now, 10 * lease), now)


def lost_and_left(job: Job) -> list[Run]:
    """Return runs of `job` that wait for another attempt and that no living worker can take."""
    now, lease = datetime.now(UTC), timedelta(seconds=Options().lease)
    waiting = job.runs.filter(status=Run.Status.PENDING, attempt__gt=0).order_by("pk")
    return [run for run in waiting if not Worker.objects.knowing(run.task, now, lease)]


def run_here(run: Run, *, watch: Callable[[Run], None] = lambda run: None) -> Run:
    """Execute a pending run in this process, as any worker would, and return it as it ended.

    A run that a worker took meanwhile is waited for; one that was retried, until its last
    attempt.

    Ctrl-C cancels it if it runs here; then KeyboardInterrupt is raised.

    watch  is called with the run as it is stored by now, many times until it has ended
    """

    def look() -> None:
        time.sleep(LOOK_EVERY)
        try:
            run.refresh_from_db()
        except (DatabaseError, InterfaceError) as exc:  # the task goes on, and so does the wait
            database_errors.note(exc)
            connection.close()
        else:
            watch(run)

    options = Options()
    install_capture()
    membership = Membership(is_scheduler=False, capacity=1, every=options.heartbeat)
    recorder = Recorder(flush_every=options.flush)
    executor = ThreadExecutor(size=1, sink=recorder, on_outcome=recorder.outcome, options=options)
    worker_id = membership.join()
    recorder.start()
    try:
        while run.is_open:
            _advance(run, executor, worker_id, look)
            recorder.flush(LAST_WRITES)
            look()
    except KeyboardInterrupt:
        executor.stop(run.pk, Run.Status.CANCELLED, "Cancelled by Ctrl-C.")
        raise
    finally:
        executor.drain(0)  # nothing is left but after Ctrl-C
        executor.close()
        recorder.close(LAST_WRITES)
        membership.leave()
    return run


def _advance(run: Run, executor: ThreadExecutor, worker_id: int, look: Callable[[], None]) -> None:
    """Take one attempt if it is due and free; else wait a moment."""
    now = datetime.now(UTC)
    claimed = None
    if run.due_at is None:
        release_held_runs(now)  # its turn may have come, and no scheduler may live
    elif run.due_at <= now:
        claimed = claim_one(run.pk, worker_id=worker_id, now=now)
    if claimed is None:
        look()
        return
    executor.submit(claimed)
    while executor.running():
        executor.enforce_timeouts()
        look()
