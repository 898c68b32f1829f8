"""The tasks of snapshots, and the jobs that run them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from django.conf import settings
from pydantic import BeforeValidator, Field

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from scheduling.pace import Pace
from scheduling.registry import default_job, task
from scheduling.triggers import TriggerSpec
from snapshots.capture.completeness import record_missed
from snapshots.capture.elsewhere import request_elsewhere
from snapshots.capture.rollout import EVERY, request_each
from snapshots.capture.rounds import Request, take_snapshots
from snapshots.intake.backfill_run import Request as PastRequest
from snapshots.intake.backfill_run import backfill_accounts
from snapshots.intake.backfill_run import why_not as why_not_backfill
from snapshots.intake.reading import KEY as READ_UPLOADS
from snapshots.intake.reading import read_waiting
from snapshots.models import Account
from snapshots.slots import SlotKind
from snapshots.upkeep.keeping import KEY as KEEP_ALIVE
from snapshots.upkeep.keeping import keep_alive, why_not
from snapshots.upkeep.staleness import look
from snapshots.upkeep.thinning import Limits, list_expired, thin_out
from snapshots.upkeep.warming import warm
from snapshots.upkeep.warming import why_not as why_not_warm

ZONE = "Europe/Zurich"
HOUR = 3600  # s
ACCOUNTS_AT_ONCE = 1000  # more are skipped, and their slots missed


def _id_as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _else(setting: str) -> dict[str, Any]:
    """Say in the form what is taken when the parameter is left empty."""
    return {"x-left-empty": f"{getattr(settings, setting)} ({setting})"}


UserId = Annotated[
    Annotated[str, BeforeValidator(_id_as_text)] | None,
    Field(
        title="User",
        description="Whose accounts: a user's name or id.",
        json_schema_extra=_else("SNAPSHOT_USER_ID"),
    ),
]
SourceName = Annotated[
    str | None,
    Field(
        description="Where the accounts are: cointracking.",
        json_schema_extra=_else("SNAPSHOT_SOURCE"),
    ),
]
MinUsd = Annotated[
    Annotated[Decimal, Field(ge=0, le=10**9)] | None,
    Field(
        title="Smallest position in USD",
        description="Hide positions worth less.",
        json_schema_extra=_else("SNAPSHOT_MIN_USD"),
    ),
]
AccountNumber = Annotated[
    Annotated[str, Field(pattern=f"^({EVERY}|[0-9]{{1,18}})$"), BeforeValidator(_id_as_text)]
    | None,
    Field(
        title="Account",
        description="Only this one, by its number. every: a run for each that wants it.",
    ),
]
IsEod = Annotated[bool, Field(title="End of day", description="Take it as the end of the day.")]


@task("snapshots.pnl_snapshot", timeout=120, retry_lost=True, label="P&L snapshot")
def pnl_snapshot(
    ctx: RunContext,
    *,
    user_id: UserId = None,
    source: SourceName = None,
    min_usd: MinUsd = None,
    is_eod: IsEod = False,
    account: AccountNumber = None,
) -> dict[str, Any] | Degraded:
    """Take a snapshot of what accounts are worth: one, a user's at a source, or all.

    SNAPSHOT_USER_ID, SNAPSHOT_SOURCE and SNAPSHOT_MIN_USD say what is left out here. Positions
    below `min_usd` are hidden, and still count in the total.
    """
    kind: SlotKind = "eod" if is_eod else "intraday"
    if account == EVERY:
        return request_each(ctx, kind)
    request = Request(
        user=user_id or settings.SNAPSHOT_USER_ID,
        source=source or settings.SNAPSHOT_SOURCE,
        min_usd=_default_min_usd() if min_usd is None else min_usd,
        kind=kind,
        account_id=int(account) if account else None,
    )
    return take_snapshots(ctx, request)


Days = Annotated[int, Field(ge=1, le=36_500)]


@task("snapshots.cleanup_snapshots", timeout=HOUR, retry_lost=True, label="Clean up snapshots")
def cleanup_snapshots(
    ctx: RunContext,
    *,
    position_days: Days = 7,
    raw_days: Days = 90,
    hourly_days: Days = 730,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Delete positions and totals of quarters of an hour that are too old to be looked at.

    Ends of days, suspects and what somebody decided about stay for ever, with their positions.
    Older than `raw_days` one total of each hour stays, older than `hourly_days` none. A dry run
    only counts, and lists the snapshots in would_delete.csv.
    """
    limits = Limits(position_days=position_days, raw_days=raw_days, hourly_days=hourly_days)
    if not dry_run:
        pace = Pace(should_stop=ctx.should_stop)
        return {"deleted": thin_out(limits, now=ctx.scheduled_at, pace=pace)}
    counts, snapshots = list_expired(limits, now=ctx.scheduled_at)
    rows = [
        f"{item.pk},{item.account_id},{item.kind},{item.slot_at.isoformat()},{item.status}"
        for item in snapshots
    ]
    ctx.artifact("would_delete.csv", "\n".join(["id,account,kind,slot_at,status", *rows]) + "\n")
    return {"would_delete": counts}


@task("snapshots.record_missed", timeout=600, retry_lost=True, label="Record missed slots")
def record_missed_slots(ctx: RunContext) -> dict[str, int]:
    """Write down as missed the slots that nobody took, also while no snapshot job runs."""
    counts = {"accounts": 0, "missed": 0}
    for account in Account.objects.order_by("pk"):
        if ctx.should_stop():
            break
        counts["accounts"] += 1
        counts["missed"] += record_missed(account, until=ctx.scheduled_at)
    return counts


def _default_min_usd() -> Decimal:
    text = str(settings.SNAPSHOT_MIN_USD)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise TaskFailed(
            f"SNAPSHOT_MIN_USD is {text!r}. Set it to an amount in USD such as 1.0.",
            permanent=True,
        )
    return amount


default_job(
    key="pnl_intraday",
    name="P&L Snapshot Intraday",
    description="What the accounts are worth, each quarter of an hour of the day.",
    task="snapshots.pnl_snapshot",
    params={"account": EVERY},
    trigger=TriggerSpec(
        kind="cron", expression="*/15 7-23 * * *", timezone=ZONE, jitter_seconds=60
    ),
    overlap="allow",  # each account has a run of its own
    max_instances=ACCOUNTS_AT_ONCE,
)
default_job(
    key="record_missed_slots",
    name="Record missed slots",
    description="Marks the quarters of an hour and ends of days that nobody took.",
    task="snapshots.record_missed",
    trigger=TriggerSpec(kind="cron", expression="25 * * * *", timezone=ZONE),
)
default_job(
    key="cleanup_snapshots",
    name="Clean up snapshots",
    description="Thins out old quarters of an hour; ends of days stay.",
    task="snapshots.cleanup_snapshots",
    trigger=TriggerSpec(kind="cron", expression="30 3 * * *", timezone=settings.TIME_ZONE),
    misfire_grace_seconds=20 * HOUR,
)
default_job(
    key="pnl_eod",
    name="P&L Snapshot End of Day",
    description="What the accounts are worth at the end of the day, which P&L is counted from.",
    task="snapshots.pnl_snapshot",
    params={"is_eod": True, "account": EVERY},
    trigger=TriggerSpec(kind="cron", expression="59 23 * * *", timezone=ZONE),
    overlap="allow",
    max_instances=ACCOUNTS_AT_ONCE,
    # The day has no later slot: a host that is down for a while still takes it, and a file that
    # is being replaced is read again.
    misfire_grace_seconds=2 * HOUR,
    max_attempts=3,
    backoff_seconds=60,
)


@task("snapshots.pnl_elsewhere", timeout=120, retry_lost=True, label="P&L of other time zones")
def pnl_elsewhere(ctx: RunContext) -> dict[str, Any]:
    """Request the snapshots of accounts in other time zones, where pnl_intraday and pnl_eod rest.

    Each becomes a run of one of those jobs. Pause them, and none is requested.
    """
    return request_elsewhere(ctx)


default_job(
    key="pnl_other_zones",
    name="P&L Snapshots of Other Time Zones",
    description="Takes the slots of accounts whose days begin and end at other times.",
    task="snapshots.pnl_elsewhere",
    trigger=TriggerSpec(kind="cron", expression="*/15 * * * *", timezone=ZONE),
)


PastUser = Annotated[
    Annotated[str, BeforeValidator(_id_as_text)] | None,
    Field(
        title="User",
        description="Whose accounts: a user's name or id.",
        json_schema_extra={"x-left-empty": "all that the job may read"},
    ),
]
PastAccount = Annotated[
    Annotated[str, Field(pattern="^[0-9]{1,18}$"), BeforeValidator(_id_as_text)] | None,
    Field(title="Account", description="Only this one, by its number."),
]
FirstDay = Annotated[
    date | None, Field(title="From", json_schema_extra={"x-left-empty": "a year before the last"})
]
LastDay = Annotated[
    date | None,
    Field(title="To", description="Included.", json_schema_extra={"x-left-empty": "yesterday"}),
]


@task("snapshots.backfill", timeout=HOUR, retry_lost=True, label="Backfill snapshots")
def backfill_snapshots(
    ctx: RunContext,
    *,
    user_id: PastUser = None,
    account: PastAccount = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    dry_run: bool = False,
) -> dict[str, Any] | Degraded:
    """Write ends of past days that are missing, as sources tell of them afterwards.

    What was accepted, what is suspect and what somebody decided about stays. Sources that tell of
    the past are cointracking_api and saxo_api; of Saxo flows are kept as well. A dry run asks
    and counts, and writes nothing.
    """
    request = PastRequest(
        user=user_id or "",
        account_id=int(account) if account else None,
        first=first_day,
        last=last_day,
        is_dry_run=dry_run,
    )
    return backfill_accounts(ctx, request)


default_job(
    key="backfill_snapshots",
    name="Backfill snapshots",
    description="Fills missing ends of days from what sources tell of the past.",
    task="snapshots.backfill",
    trigger=TriggerSpec(kind="cron", expression="40 4 * * *", timezone=ZONE),
    overlap="allow",  # one that was killed keeps nobody from doing it again
    max_instances=10,
    paused=why_not_backfill,
)


@task("snapshots.saxo_keepalive", timeout=120, retry_lost=True, label="Keep Saxo logins alive")
def saxo_keepalive(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Renew the logins at Saxo, which end after some forty minutes in which nobody does."""
    return keep_alive(ctx)


default_job(
    key=KEEP_ALIVE,
    name="Saxo keep-alive",
    description="Renews the logins at Saxo, day and night: each ends when nobody does so.",
    task="snapshots.saxo_keepalive",
    trigger=TriggerSpec(kind="cron", expression="*/10 * * * *", timezone=ZONE),
    misfire_grace_seconds=300,
    max_attempts=3,
    backoff_seconds=20,
    paused=why_not,
)


@task("snapshots.read_uploads", timeout=120, isolation="process", label="Read uploads")
def read_uploads(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Read the files that were uploaded and wait for it."""
    return read_waiting(ctx)


default_job(
    key=READ_UPLOADS,
    name="Read uploads",
    description="Files for accounts: at once when one comes, and what was left over, hourly.",
    task="snapshots.read_uploads",
    trigger=TriggerSpec(kind="cron", expression="17 * * * *", timezone=ZONE),
    overlap="queue",  # one that came while another one was read waits for its own run
)


@task("snapshots.staleness_monitor", timeout=300, retry_lost=True, label="Staleness monitor")
def staleness_monitor(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Look how late the data of each account and tracked series is; warn once of each change."""
    return look(ctx)


default_job(
    key="staleness_monitor",
    name="Staleness monitor",
    description="Looks how late accounts and prices are, and warns once when that changes.",
    task="snapshots.staleness_monitor",
    trigger=TriggerSpec(kind="cron", expression="15 * * * *", timezone=ZONE),
)


@task("snapshots.api_warmers", timeout=300, retry_lost=True, label="API warmers")
def api_warmers(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Ask for the endpoints of API_WARMER_ENDPOINTS, so that people find their answers kept."""
    outcome: dict[str, Any] | Degraded = warm(ctx)
    return outcome


default_job(
    key="api_warmers",
    name="API warmers",
    description="Asks for what dashboards ask for, before they do.",
    task="snapshots.api_warmers",
    trigger=TriggerSpec(kind="cron", expression="*/10 * * * *", timezone=ZONE, jitter_seconds=60),
    paused=why_not_warm,
)
