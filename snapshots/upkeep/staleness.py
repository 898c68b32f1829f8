"""Look how late all data is, and tell each change once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery

from prices.selectors import read_tracked_freshness
from scheduling.context import Degraded, RunContext
from snapshots.lateness import patience_with
from snapshots.models import Account, Snapshot, Upload, Watch
from snapshots.sources.base import InvalidSettings
from snapshots.upkeep.notifying import notify

STALE_AFTER = 3  # limits, as of a series it is three candles
State = Watch.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How one thing is now. `source` is that of an account; of a series it is its venue."""

    subject: str
    name: str
    state: str
    says: str
    source: str
    owner_id: int | None = None


def look(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Look at every account and every tracked series; tell of each whose state has changed."""
    now = ctx.scheduled_at
    seen = [*see_accounts(now), *see_series(now)]
    changed = note(seen, now)
    for one, before in changed:
        if one.state == State.FRESH:
            ctx.log.info("%s is fresh again.", one.name)
        else:
            ctx.log.warning("%s is %s (was %s): %s", one.name, one.state, before, one.says)
    result = {
        "states": _counts(seen),
        "sources": {
            source: _counts([one for one in seen if one.source == source])
            for source in sorted({one.source for one in seen})
        },
        "changed": [
            {"name": one.name, "state": one.state, "before": before, "says": one.says}
            for one, before in changed
        ],
    }
    problem = notify()
    if not problem:
        return result
    ctx.log.error("No mail was sent to NOTIFY_EMAILS: %s", problem)
    return Degraded(result, reason=f"Nobody was notified, which is tried again: {problem}")


def _counts(seen: Sequence[Seen]) -> dict[str, int]:
    return dict(sorted(Counter(one.state for one in seen).items()))


def see_accounts(now: datetime) -> Iterator[Seen]:
    """Yield how old the newest data of each account is that jobs take, by its own limit."""
    rows = Snapshot.objects.filter(account=OuterRef("pk"), slot_at__lte=now)
    uploads = Upload.objects.filter(account=OuterRef("pk"), seen_at__lte=now).order_by("-seen_at")
    found = Account.objects.filter(Q(wants_eod=True) | Q(wants_intraday=True)).annotate(
        data_at=Subquery(rows.counted().order_by("-slot_at").values("as_of")[:1]),
        last_status=Subquery(rows.order_by("-slot_at").values("status")[:1]),
        upload_state=Subquery(uploads.values("state")[:1]),
        upload_problem=Subquery(uploads.values("problem")[:1]),
        refusal=F("credential__refusal"),
    )
    for account in found.order_by("pk"):
        yield _seen(account, now)


def see_series(now: datetime) -> Iterator[Seen]:
    """Yield how late each tracked series is, in time of trading."""
    for one in read_tracked_freshness(now=now):
        late = int(one.late.total_seconds()) // 60
        yield Seen(
            subject=f"series:{one.instrument_id}:{one.interval}",
            name=f"{one.name} {one.interval}",
            state=str(one.state),
            says=f"late by {late} minutes of trading" if late else "",
            source=one.venue,
        )


def note(seen: Sequence[Seen], now: datetime) -> list[tuple[Seen, str]]:
    """Keep what was seen, and return what is not as it was, with how it was before.

    What is new and fresh is no change. What is watched no more is forgotten.
    """
    known = {one.subject: one for one in Watch.objects.all()}
    changed = []
    for one in seen:
        before = known.pop(one.subject, None)
        if before is not None and before.state == one.state:
            continue
        values: dict[str, Any] = {"name": one.name, "owner_id": one.owner_id, "state": one.state}
        values |= {"says": one.says[:500], "changed_at": now}
        Watch.objects.update_or_create(subject=one.subject, defaults=values)
        if before is not None or one.state != State.FRESH:
            changed.append((one, before.state if before else "unknown"))
    Watch.objects.filter(pk__in=[one.pk for one in known.values()]).delete()
    return changed


def _seen(account: Any, now: datetime) -> Seen:
    state, says = _judged(account, now)
    return Seen(
        subject=f"account:{account.pk}",
        name=str(account),
        state=str(state),
        says=says,
        source=account.source,
        owner_id=account.owner_id,
    )


def _judged(account: Any, now: datetime) -> tuple[str, str]:
    if problem := _problem(account):
        return State.UNREADABLE, problem
    if account.data_at is None:
        return State.NEVER, "No snapshot of it counts yet."
    try:
        patience = patience_with(account.source, account.settings, account.zone)
    except InvalidSettings as exc:
        return State.UNREADABLE, str(exc)
    age, limit = patience.age(account.data_at, now), patience.limit
    days = " from Monday to Friday" if patience.zone else ""
    hours = limit.total_seconds() / 3600
    says = f"Data from {account.data_at:%Y-%m-%d %H:%M}Z, limit {hours:g} h{days}."
    if age <= limit:
        return State.FRESH, ""
    return (State.LATE if age <= STALE_AFTER * limit else State.STALE), says


def _problem(account: Any) -> str:
    """Return why what it holds cannot be read; empty: it can."""
    if account.refusal:
        return str(account.refusal)
    if account.last_status == Snapshot.Status.FAILED:
        return "Its source could not be read; the newest snapshot says why."
    if account.last_status == Snapshot.Status.SUSPECT:
        return "Its newest snapshot is suspect, and waits for a review."
    if "path" not in account.settings and account.upload_state == Upload.State.REFUSED:
        return f"The newest upload was refused: {account.upload_problem}"
    return ""
