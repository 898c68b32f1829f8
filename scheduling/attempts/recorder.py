"""Outcomes, logs, progress and artifacts, written together every few milliseconds.

What cannot be written is kept and tried again until the database is back; what the database
refuses for its content is written alone, so that it harms nothing but itself.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, repeat
from threading import Condition, Event, Lock, Thread
from typing import Any

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from scheduling.attempts.capture import Line
from scheduling.attempts.claimed import Outcome
from scheduling.attempts.settling import HELD, write_outcomes
from scheduling.attempts.text import as_json, storable
from scheduling.batches import update_rows
from scheduling.database_errors import database_errors
from scheduling.jobstore import record_executions
from scheduling.models import Artifact, LogLine, Run

logger = logging.getLogger(__name__)

BATCH = 500  # outcomes in one transaction
COPY_EVERY = 0.5  # s, while nothing else is to be written
MOST_REST = 0.05  # s between two times of writing, however long the first one took
LATEST_COPY = 5.0  # s
MOST_UNCOPIED = 5_000  # outcomes that django-apscheduler's history may lag behind
ARTIFACT_LIMIT = 50_000_000  # bytes
RETRY_WAITS = (0.1, 0.5, 1.0, 2.0, 5.0)  # s, the last one for ever


@dataclass(slots=True)
class Batch:
    """What is to be written in one transaction."""

    outcomes: list[Outcome] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    progress: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.outcomes or self.lines or self.artifacts or self.progress)


class Recorder:
    """Collects from many threads, writes from one."""

    def __init__(
        self,
        *,
        flush_every: float,
        on_written: Callable[[Sequence[Outcome]], None] = lambda outcomes: None,
    ) -> None:
        self.trouble = ""
        self._flush_every = flush_every
        self._on_written = on_written
        self._items: deque[Any] = deque()
        self._unwritten: Counter[int] = Counter()
        self._counting = Lock()
        self._uncopied: list[Outcome] = []
        self._uncopied_since = 0.0  # monotonic
        self._arrived = Event()
        self._stopping = Event()
        self._idle = Condition()
        self._writing = False
        self._thread = Thread(target=self._loop, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float) -> bool:
        """Write what is left; return False if the database did not take it in time."""
        self._stopping.set()
        self._arrived.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that has come in so far is written; return False if it was not."""
        self._arrived.set()
        with self._idle:
            return self._idle.wait_for(lambda: not self._items and not self._writing, timeout)

    def holds(self) -> set[int]:
        """Return the ids of runs whose outcome came in and is not written yet."""
        return set(self._unwritten)

    # What runs say (any thread)

    def outcome(self, outcome: Outcome) -> None:
        with self._counting:
            self._unwritten[outcome.run.id] += 1
        self._add(outcome)

    def log(self, run_id: int, line: Line) -> None:
        self._add(
            LogLine(
                run_id=run_id, at=line.at, level=line.level,
                logger=line.logger, message=line.message,
            )
        )  # fmt: skip

    def progress(self, run_id: int, progress: dict[str, Any]) -> None:
        self._add((run_id, as_json(progress)))

    def artifact(self, run_id: int, name: str, content: bytes, content_type: str) -> None:
        if len(content) > ARTIFACT_LIMIT:
            raise ValueError(f"The artifact {name!r} is larger than {ARTIFACT_LIMIT} bytes.")
        self._add(
            Artifact(
                run_id=run_id,
                name=storable(name)[:200],
                content=bytes(content),
                content_type=storable(content_type)[:100],
                size=len(content),
                created_at=datetime.now(UTC),
            )
        )

    def _add(self, item: Any) -> None:
        self._items.append(item)
        if not self._arrived.is_set():
            self._arrived.set()

    # The writing thread

    def _loop(self) -> None:
        took = 0.0
        while not self._stopping.is_set() or self._items or self._uncopied:
            self._arrived.wait(COPY_EVERY if self._uncopied else None)
            if not self._stopping.is_set():
                # Others may come along; and writing shall not keep runs from starting.
                self._stopping.wait(max(self._flush_every, took))
            self._arrived.clear()
            began = time.monotonic()
            try:
                self._drain()
            except Exception:  # a loop that must survive: outcomes of other runs will come
                logger.exception("A part of what runs said could not be recorded")
            took = min(time.monotonic() - began, MOST_REST)
        connection.close()

    def _drain(self) -> None:
        with self._idle:
            self._writing = True
        try:
            close_old_connections()
            while batch := self._next_batch():
                self._write_at_last(batch)
                self._copy_if_due()
            self._copy_if_due()
        finally:
            with self._idle:
                self._writing = False
                self._idle.notify_all()

    def _next_batch(self) -> Batch:
        batch = Batch()
        while self._items and len(batch.outcomes) < BATCH and len(batch.lines) < 4 * BATCH:
            match self._items.popleft():
                case Outcome() as outcome:
                    batch.outcomes.append(outcome)
                case LogLine() as line:
                    batch.lines.append(line)
                case Artifact() as artifact:
                    batch.artifacts.append(artifact)
                case (run_id, progress):
                    batch.progress[run_id] = progress
        return batch

    def _write_at_last(self, batch: Batch) -> None:
        """Write `batch`; what the database refuses harms nothing but itself."""
        if not self._is_written(batch):
            for part in _parts(batch):
                if not self._is_written(part):
                    self._is_written(_unrecordable(part))
        with self._counting:
            self._unwritten.subtract(outcome.run.id for outcome in batch.outcomes)
            self._unwritten = +self._unwritten
        self._tell(batch.outcomes)

    def _is_written(self, batch: Batch) -> bool:
        """Write `batch`, however long the database is away; return False if it is refused."""
        for wait in chain(RETRY_WAITS, repeat(RETRY_WAITS[-1])):
            try:
                write(batch)
            except (OperationalError, InterfaceError) as exc:
                database_errors.note(exc)
                self.trouble = f"Outcomes cannot be written: {exc}"
                logger.warning("%s", self.trouble)
                connection.close()
                time.sleep(wait)
            except Exception:  # a loop that must survive what a single run said
                logger.exception("The record of runs was refused by the database")
                return False
            else:
                break
        self.trouble = ""
        return True

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        """Pass on what is written. Who misses it finds it by himself: the sweeper looks too."""
        if not self._uncopied:
            self._uncopied_since = time.monotonic()
        self._uncopied += outcomes
        try:
            self._on_written(outcomes)
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("The database went away after outcomes were written: %s", exc)
            connection.close()

    def _copy_if_due(self) -> None:
        """Fill django-apscheduler's history now and then: what others wait for goes first."""
        if not self._uncopied:
            return
        waited = time.monotonic() - self._uncopied_since
        is_quiet = not self._items and waited >= COPY_EVERY
        is_late = waited >= LATEST_COPY or len(self._uncopied) >= MOST_UNCOPIED
        if not (is_quiet or is_late or self._stopping.is_set()):
            return
        outcomes, self._uncopied = self._uncopied, []
        try:
            record_executions(outcomes)
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("The history of django-apscheduler could not be filled: %s", exc)
            connection.close()


def write(batch: Batch) -> None:
    """Write `batch` in one transaction."""
    with transaction.atomic():
        LogLine.objects.bulk_create(batch.lines)
        for artifact in batch.artifacts:
            Artifact.objects.filter(run_id=artifact.run_id, name=artifact.name).delete()
            artifact.save(force_insert=True)
        update_rows(
            Run,
            match=("id",),
            columns=("progress",),
            rows=list(batch.progress.items()),
            only=HELD,
        )
        held = write_outcomes(batch.outcomes)
    if held < len(batch.outcomes):
        missing = len(batch.outcomes) - held
        logger.warning("%d outcomes came too late: their runs were lost or deleted", missing)


def _parts(batch: Batch) -> list[Batch]:
    return [
        *(Batch(outcomes=[outcome]) for outcome in batch.outcomes),
        *(Batch(lines=[line]) for line in batch.lines),
        *(Batch(artifacts=[artifact]) for artifact in batch.artifacts),
        *(Batch(progress={run_id: value}) for run_id, value in batch.progress.items()),
    ]


def _unrecordable(part: Batch) -> Batch:
    """Return what can be said of a part that was refused: its run ended, if it was an outcome."""
    return Batch(
        outcomes=[
            replace(
                outcome,
                status=Run.Status.FAILED,
                result=None,
                reason="",
                error=f"The outcome ({outcome.status}) could not be stored; see the log.",
                traceback="",
                is_permanent=True,
            )
            for outcome in part.outcomes
        ]
    )
