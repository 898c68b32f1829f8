"""Runs that somebody requests, beside the clock: one, or thousands at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import connection, transaction

from scheduling.admission import Load, admit, refusal
from scheduling.batches import ROWS, insertion
from scheduling.columns import columns_of
from scheduling.exceptions import InvalidParams, InvalidRequest
from scheduling.models.immediate import run_at_once
from scheduling.models.loads import as_loads, counting
from scheduling.models.run import Run
from scheduling.options import Options
from scheduling.sql import places, row_lock, together
from scheduling.wakeup import RUNS, announcement

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from scheduling.models.job import Job

# What is read of a job, so that a run can be written down: not its trigger.
JOB_COLUMNS = {
    "id", "overlap", "max_instances", "timeout_seconds", "max_attempts", "backoff_seconds",
    "retry_lost", "task", "params", "key", "state", "owner_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A run that somebody wants.

    params        override those of the job, one by one; all of them if `is_complete`
    scheduled_at  the instant to compute for; now if None
    """

    key: str  # of the job
    params: dict[str, Any] = field(default_factory=dict)
    is_complete: bool = False
    scheduled_at: datetime | None = None


@contextmanager
def naming_its_place(place: int, requests: Sequence[object]) -> Iterator[None]:
    """Turn InvalidParams into InvalidRequest({"3": …}), unless there is but one request."""
    try:
        yield
    except InvalidParams as exc:
        if len(requests) == 1:
            raise
        raise InvalidRequest({str(place): [str(exc)]}) from exc


def request_run(
    job: Job,
    request: RunRequest,
    *,
    origin: str,
    requested_by: AbstractBaseUser | None,
    now: datetime,
) -> Run:
    """Write down one run of `job`, as `request_runs` does; most of them in one round trip."""
    is_plain = not request.params and not request.is_complete and request.scheduled_at is None
    if is_plain and (run := run_at_once(job, origin=origin, requested_by=requested_by, now=now)):
        return run
    (run,) = request_runs(
        {job.key: job.pk}, [request], origin=origin, requested_by=requested_by, now=now
    )
    return run


def request_runs(
    job_ids: Mapping[str, int],
    requests: Sequence[RunRequest],
    *,
    origin: str,
    requested_by: AbstractBaseUser | None,
    now: datetime,
) -> list[Run]:
    """Write down all requested runs, or none, and return them in the order of the requests.

    job_ids  the primary keys of jobs, by key

    Raise InvalidRequest if a job is not among them or an instant lies in the future,
    InvalidParams, or JobConflict if a task is unknown. Of several requests with wrong parameters
    the first is named by its place: InvalidRequest({"3": …}).
    """
    _check(job_ids, requests, now)
    if not requests:
        return []
    with transaction.atomic():
        jobs, open_runs = _locked({job_ids[request.key] for request in requests})
        runs = []
        for place, request in enumerate(requests):
            job = jobs.get(request.key)
            if job is None:
                raise _no_job(request.key)
            with naming_its_place(place, requests):
                run = _requested(job, request, origin, requested_by, now)
            _admit(job, run, open_runs.setdefault(job.pk, Load()), now)
            if job.state == job.State.PAUSED and run.is_open:
                run.reason = "Triggered while the job was paused."
            runs.append(run)
        _insert(runs)
    return runs


def _check(job_ids: Mapping[str, int], requests: Sequence[RunRequest], now: datetime) -> None:
    if missing := sorted({request.key for request in requests} - set(job_ids)):
        raise _no_job(*missing)
    if any(request.scheduled_at is not None and request.scheduled_at > now for request in requests):
        raise InvalidRequest(
            {"scheduled_at": ["It lies in the future. Give a job a date trigger for that."]}
        )


def _no_job(*keys: str) -> InvalidRequest:
    return InvalidRequest({"job": [f"There is no job {', '.join(keys)}."]})


def _locked(job_ids: Iterable[int]) -> tuple[dict[str, Job], dict[int, Load]]:
    """Lock the jobs and count their open runs.

    Always in one order, so that two who request many do not block each other. The second
    statement sees the runs of whoever held the lock before.
    """
    model = cast("type[Job]", Run.job.field.related_model)
    names = [f.attname for f in model._meta.concrete_fields if f.attname in JOB_COLUMNS]
    ids = sorted(job_ids)
    select = (
        f"SELECT {', '.join(names)} FROM scheduling_job "  # noqa: S608
        f"WHERE id IN ({places(ids)}) ORDER BY id{row_lock('NO KEY UPDATE')}",
        ids,
    )
    rows, counted = together(select, counting(ids))
    jobs = [
        model.from_db(connection.alias, names, record.values())
        for record in columns_of(model, *names).records(rows)
    ]
    return {job.key: job for job in jobs}, as_loads(counted)


def _requested(
    job: Job,
    request: RunRequest,
    origin: str,
    requested_by: AbstractBaseUser | None,
    now: datetime,
) -> Run:
    return Run.of(
        job,
        scheduled_at=request.scheduled_at or now,
        params=job.params_with(request.params, is_complete=request.is_complete),
        origin=origin,
        requested_by_id=requested_by.pk if requested_by else None,
    )


def _admit(job: Job, run: Run, load: Load, now: datetime) -> None:
    """Set when `run` may start, or skip it, as the overlap policy says; count it in `load`."""
    cap = Options().queue_cap
    decision = admit(load, overlap=job.overlap, max_instances=job.max_instances, queue_cap=cap)
    if decision == "start":
        run.due_at = now
    elif decision == "skip":
        run.status = Run.Status.SKIPPED
        run.reason = refusal(load, overlap=job.overlap, queue_cap=cap)
        run.finished_at = now


def _insert(runs: Sequence[Run]) -> None:
    """Insert the runs, set their primary keys, and wake the workers when they are committed."""
    for start in range(0, len(runs), ROWS):
        some = runs[start : start + ROWS]
        answers = together(insertion(some), *([announcement(RUNS)] if start == 0 else []))
        for run, (pk,) in zip(some, sorted(answers[0]), strict=True):
            run.pk = pk
            run._state.adding = False
