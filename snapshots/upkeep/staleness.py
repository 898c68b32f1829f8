"""Look how late all data is, and tell each change once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery

from prices.selectors import read_tracked_freshness
from scheduling.context import RunContext
from snapshots.models import Account, Snapshot, Watch

STALE_AFTER = 3  # limits, as of a series it is three candles
State = Watch.State
NO_DATA = (Snapshot.Status.FAILED, Snapshot.Status.MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How one thing is now."""

    subject: str
    name: str
    state: str
    says: str
    owner_id: int | None = None


def look(ctx: RunContext) -> dict[str, Any]:
    """Look at every account and every tracked series; warn of each that changed for the worse."""
    now = ctx.scheduled_at
    seen = [*see_accounts(now), *see_series(now)]
    changed = note(seen, now)
    for one, before in changed:
        if one.state == State.FRESH:
            ctx.log.info("%s is fresh again.", one.name)
        else:
            ctx.log.warning("%s is %s (was %s): %s", one.name, one.state, before, one.says)
    return {
        "states": dict(sorted(Counter(one.state for one in seen).items())),
        "changed": [
            {"name": one.name, "state": one.state, "before": before, "says": one.says}
            for one, before in changed
        ],
    }


def see_accounts(now: datetime) -> Iterator[Seen]:
    """Yield how old the newest data of each account is that jobs take, by its own limit."""
    rows = Snapshot.objects.filter(account=OuterRef("pk"), slot_at__lte=now)
    found = Account.objects.filter(Q(wants_eod=True) | Q(wants_intraday=True)).annotate(
        data_at=Subquery(rows.counted().order_by("-slot_at").values("as_of")[:1]),
        last_status=Subquery(rows.order_by("-slot_at").values("status")[:1]),
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


def limit_of(account: Account) -> timedelta:
    """Return how old the data of an account may be: its own setting, or that of its source."""
    own = account.settings.get("stale_after_hours")
    limits: dict[str, float] = settings.STALE_AFTER_HOURS
    hours = own if isinstance(own, int | float) and own > 0 else limits.get(account.source, 24.0)
    return timedelta(hours=hours)


def _seen(account: Any, now: datetime) -> Seen:
    state, says = _judged(account, now)
    return Seen(
        subject=f"account:{account.pk}",
        name=str(account),
        state=str(state),
        says=says,
        owner_id=account.owner_id,
    )


def _judged(account: Any, now: datetime) -> tuple[str, str]:
    if account.last_status == Snapshot.Status.FAILED:
        return State.UNREADABLE, "Its source could not be read; the newest snapshot says why."
    if account.last_status == Snapshot.Status.SUSPECT:
        return State.UNREADABLE, "Its newest snapshot is suspect, and waits for a review."
    if account.data_at is None:
        return State.NEVER, "No snapshot of it counts yet."
    age, limit = now - account.data_at, limit_of(account)
    hours = limit.total_seconds() / 3600
    says = f"Data from {account.data_at:%Y-%m-%d %H:%M}Z, limit {hours:g} h."
    if age <= limit:
        return State.FRESH, ""
    return (State.LATE if age <= STALE_AFTER * limit else State.STALE), says
