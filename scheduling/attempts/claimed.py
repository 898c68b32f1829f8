"""A run on its way through a worker: what was claimed, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from scheduling.context import RunInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """A run that one worker holds for one attempt. Small enough to send to a child process."""

    id: int
    worker_id: int
    job_id: int | None
    job_key: str
    task: str
    params: dict[str, Any]
    origin: str
    attempt: int  # 1 for the first try
    scheduled_at: datetime
    owner_id: int | None
    requested_by_id: int | None
    timeout_seconds: int
    max_attempts: int
    backoff_seconds: int
    retry_lost: bool
    errors: list[dict[str, Any]]  # of earlier attempts

    @property
    def info(self) -> RunInfo:
        """The run as its task may see it."""
        return RunInfo(
            id=self.id,
            job_key=self.job_key,
            task=self.task,
            origin=self.origin,
            attempt=self.attempt,
            scheduled_at=self.scheduled_at,
            owner_id=self.owner_id,
            requested_by_id=self.requested_by_id,
        )

    @classmethod
    def of(cls, row: Mapping[str, Any], *, worker_id: int) -> ClaimedRun:
        """Return the run whose COLUMNS are in `row`, in the hands of a worker."""
        return cls(worker_id=worker_id, **{name: row[name] for name in COLUMNS})


# What is read of a run to claim it.
COLUMNS = tuple(field.name for field in fields(ClaimedRun) if field.name != "worker_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended."""

    run: ClaimedRun
    status: str
    started_at: datetime
    finished_at: datetime
    result: Any = None  # JSON values
    reason: str = ""
    error: str = ""
    traceback: str = ""
    is_permanent: bool = False
    is_out_of_memory: bool = False
    is_unfit: bool = False  # this code has no such task, or one with other parameters

    @property
    def duration(self) -> timedelta:
        return self.finished_at - self.started_at
