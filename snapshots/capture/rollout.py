"""Request a run for each account: one that hangs or fails is nobody else's trouble."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduling.context import RunContext
from scheduling.models import Job, Run
from scheduling.models.requested import RunRequest
from snapshots.capture.selection import accounts_that_want
from snapshots.models import Account
from snapshots.slots import SlotKind

EVERY = "every"  # in place of the number of an account


def request_each(ctx: RunContext, kind: SlotKind) -> dict[str, Any]:
    """Request a run of this job for each account that wants a snapshot, and return which.

    An account has one for an instant, also if this run is tried again, or if another job has
    requested it already.
    """
    # By hand, whoever asks wants it now, whatever the clock says.
    at = ctx.scheduled_at if ctx.run.origin == Run.Origin.SCHEDULE else None
    accounts = accounts_that_want(kind, owner_id=ctx.run.owner_id, at=at)
    known = requested(ctx.run.task, ctx.scheduled_at, kind)
    missing = [account for account in accounts if account.pk not in known]
    runs = Job.objects.trigger(
        [_request(ctx, account) for account in missing], origin=Run.Origin.DEPENDENCY
    )
    ctx.log.info("Requested %d run(s) for %d account(s).", len(runs), len(accounts))
    if not accounts:
        ctx.log.warning(
            "No account wants this snapshot. Add one in the admin under Accounts, or with: "
            "manage.py add_account"
        )
    return {
        "kind": kind,
        "accounts": len(accounts),
        "runs": [
            {"account_id": account.pk, "run_id": run.pk}
            for account, run in zip(missing, runs, strict=True)
        ],
    }


def _request(ctx: RunContext, account: Account) -> RunRequest:
    return RunRequest(
        key=ctx.run.job_key,
        params={"account": str(account.pk)},
        scheduled_at=ctx.scheduled_at,
    )


def requested(task: str, at: datetime, kind: SlotKind) -> set[int]:
    """Return the accounts that have a run for this instant."""
    runs = Run.objects.filter(task=task, scheduled_at=at, origin=Run.Origin.DEPENDENCY)
    return {
        int(params["account"])
        for params in runs.values_list("params", flat=True)
        if params.get("account", EVERY) not in (None, EVERY)
        and bool(params.get("is_eod")) == (kind == "eod")
    }
