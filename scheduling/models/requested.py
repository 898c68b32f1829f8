"""Runs that somebody requests, beside the clock: one, or thousands at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from scheduling.admission import Load, admit, refusal
from scheduling.exceptions import InvalidParams, InvalidRequest
from scheduling.models.run import Run
from scheduling.options import Options
from scheduling.wakeup import announce_runs

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from scheduling.models.job import Job, JobQuerySet

BATCH = 500  # runs in one statement


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


def request_runs(
    jobs: JobQuerySet,
    requests: Sequence[RunRequest],
    *,
    origin: str,
    requested_by: AbstractBaseUser | None,
    now: datetime,
) -> list[Run]:
    """Write down all requested runs, or none, and return them in the order of the requests.

    Raise InvalidRequest if a job is not among `jobs` or an instant lies in the future,
    InvalidParams, or JobConflict if a task is unknown. Of several requests with wrong parameters
    the first is named by its place: InvalidRequest({"3": …}).
    """
    for request in requests:
        if request.scheduled_at is not None and request.scheduled_at > now:
            raise InvalidRequest(
                {"scheduled_at": ["It lies in the future. Give a job a date trigger for that."]}
            )
    with transaction.atomic():
        locked = _locked(jobs, {request.key for request in requests})
        loads = Run.objects.loads([job.pk for job in locked.values()])
        runs = []
        for place, request in enumerate(requests):
            job = locked[request.key]
            with naming_its_place(place, requests):
                run = _requested(job, request, origin, requested_by, now)
            _admit(job, run, loads.setdefault(job.pk, Load()), now)
            if job.state == job.State.PAUSED and run.is_open:
                run.reason = "Triggered while the job was paused."
            runs.append(run)
        _insert(runs)
        announce_runs()
    return runs


def _locked(jobs: JobQuerySet, keys: Iterable[str]) -> dict[str, Job]:
    """Lock the jobs, always in one order, so that two who request many do not block each other."""
    wanted = set(keys)
    locked = {job.key: job for job in jobs.locked().filter(key__in=wanted).order_by("pk")}
    if missing := sorted(wanted - set(locked)):
        raise InvalidRequest({"job": [f"There is no job {', '.join(missing)}."]})
    return locked


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


def _insert(runs: list[Run]) -> None:
    if len(runs) == 1:
        runs[0].save(force_insert=True)  # bulk_create would start a transaction of its own
    else:
        Run.objects.bulk_create(runs, batch_size=BATCH)
