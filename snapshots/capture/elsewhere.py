"""Take the slots of accounts whose day begins and ends when no job of snapshots fires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from scheduling.context import RunContext
from scheduling.models import Job
from scheduling.models.requested import RunRequest
from scheduling.models.run import Run
from snapshots.capture.rollout import EVERY, requested
from snapshots.capture.selection import accounts_that_want, may_read
from snapshots.models import Account
from snapshots.slots import LENGTH, MINUTE, SlotKind, end_of_day, slot_of

TASK = "snapshots.pnl_snapshot"
KEYS: dict[SlotKind, str] = {"intraday": "pnl_intraday", "eod": "pnl_eod"}
LENGTHS: dict[SlotKind, timedelta] = {"intraday": LENGTH, "eod": MINUTE}
# An end of a day is asked for so long after it: what comes later is too late for the slot.
GRACE = timedelta(minutes=105)
TICK = timedelta(microseconds=1)

Due = tuple[Account, datetime]  # and the instant of its slot


def request_elsewhere(ctx: RunContext) -> dict[str, Any]:
    """Request runs of pnl_intraday and pnl_eod for slots that lie between their fire times.

    What another job that takes every account fires for is left to it, and so is all of a job that
    is paused, is gone, or names an account.
    """
    requests = [request for kind in KEYS for request in _requests(ctx, kind)]
    runs = Job.objects.trigger(requests, origin=Run.Origin.DEPENDENCY)
    if runs:
        ctx.log.info("Requested %d run(s).", len(runs))
    return {
        "runs": [
            {"job": request.key, "account_id": int(request.params["account"]), "run_id": run.pk}
            for request, run in zip(requests, runs, strict=True)
        ]
    }


def _requests(ctx: RunContext, kind: SlotKind) -> Iterator[RunRequest]:
    jobs = [
        job
        for job in Job.objects.filter(task=TASK, state=Job.State.ACTIVE)
        if job.params.get("account") == EVERY and bool(job.params.get("is_eod")) == (kind == "eod")
    ]
    job = next((one for one in jobs if one.key == KEYS[kind]), None)
    if job is None:
        return
    known: dict[datetime, set[int]] = {}
    for account, at in _due(kind, job.owner_id, ctx.scheduled_at):
        if any(_takes(one, kind, account, at) for one in jobs):
            continue
        if at not in known:
            known[at] = requested(TASK, at, kind)
        if account.pk not in known[at]:
            yield RunRequest(key=job.key, params={"account": str(account.pk)}, scheduled_at=at)


def _due(kind: SlotKind, owner_id: int | None, now: datetime) -> Iterable[Due]:
    """Yield the accounts that have a slot now, or whose day ended not long ago."""
    if kind == "intraday":
        for account in accounts_that_want(kind, owner_id=owner_id, at=now):
            yield account, slot_of(now, is_eod=False, zone=account.zone).slot_at
        return
    for account in accounts_that_want(kind, owner_id=owner_id, at=None):
        yesterday = now.astimezone(account.zone).date() - timedelta(days=1)
        at = end_of_day(yesterday, account.zone)
        if now - at <= GRACE and account.created_at <= at:
            yield account, at


def _takes(job: Job, kind: SlotKind, account: Account, at: datetime) -> bool:
    """Tell whether `job` fires within the slot of `at`, and may read the account."""
    fires_at = job.trigger_object.last_until(at - TICK, at + LENGTHS[kind] - TICK)
    return fires_at is not None and may_read(job.owner_id, account.owner)
