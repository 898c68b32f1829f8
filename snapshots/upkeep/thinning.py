"""Which snapshots and positions are old enough to go, and taking them away without haste.

Never: an end of day, what is under review, what somebody decided about; of each account the newest
that counts, which the next one is compared with, and the first, with which it joined the portfolio
and from which P&L since inception is counted where there is no end of a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet

from scheduling.pace import Pace
from snapshots.models import COUNTED, Account, Snapshot, SnapshotPosition, SnapshotRevision
from snapshots.models.snapshot import BASELINES

HOUR = timedelta(hours=1)
KEPT = Q(kind="eod") | Q(status="suspect") | Q(reviewed_at__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long what is kept.

    position_days  positions of intraday snapshots
    raw_days       each intraday total; after that the last of each hour
    hourly_days    the last of each hour; after that only ends of days
    """

    position_days: int = 7
    raw_days: int = 90
    hourly_days: int = 730


def thin_out(limits: Limits, *, now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Delete what `limits` do not keep, and return how much of each kind.

    Ends early when `pace` says so; the next time takes the rest.
    """
    pace = pace or Pace()
    deleted = {"positions": 0, "snapshots": 0}
    for account in Account.objects.all():
        deleted["positions"] += _delete_positions(_bulky(account, limits, now), pace)
        for ids in _surplus(account, limits, now):
            deleted["snapshots"] += _delete_snapshots(ids, pace)
    return deleted


def list_expired(limits: Limits, *, now: datetime) -> tuple[dict[str, int], list[Snapshot]]:
    """Return what `thin_out` would delete: how much of each kind, and the snapshots."""
    snapshots: list[Snapshot] = []
    positions = 0
    for account in Account.objects.all():
        ids = [pk for some in _surplus(account, limits, now) for pk in some]
        found = list(Snapshot.objects.filter(pk__in=ids).select_related("account"))
        snapshots.extend(found)
        bulky = _bulky(account, limits, now).values("pk")
        positions += SnapshotPosition.objects.filter(
            Q(snapshot__in=bulky) | Q(snapshot__in=ids)
        ).count()
    return {"positions": positions, "snapshots": len(snapshots)}, snapshots


def _expendable(account: Account) -> QuerySet[Snapshot]:
    """Return the snapshots that may ever go."""
    own = Snapshot.objects.filter(account=account)
    newest = own.comparable().aggregate(at=Max("slot_at"))
    # With the first it joined; and P&L is counted from it where there is no end of a day.
    first = Min("slot_at", filter=Q(status__in=BASELINES))
    edges = own.counted().aggregate(Max("slot_at"), Min("slot_at"), first=first)
    kept = {at for at in (*newest.values(), *edges.values()) if at}
    return own.exclude(KEPT).exclude(slot_at__in=kept)


def _bulky(account: Account, limits: Limits, now: datetime) -> QuerySet[Snapshot]:
    """Return intraday snapshots whose positions are too old."""
    before = now - timedelta(days=limits.position_days)
    positions = SnapshotPosition.objects.filter(snapshot=OuterRef("pk"))
    return _expendable(account).filter(Exists(positions), slot_at__lt=before)


def _surplus(account: Account, limits: Limits, now: datetime) -> Iterator[list[int]]:
    """Yield the ids of snapshots that go, some at a time."""
    rows = _expendable(account).order_by("slot_at", "pk")
    ends = now - timedelta(days=limits.hourly_days)
    oldest = rows.filter(slot_at__lt=ends).values_list("pk", flat=True)
    yield list(oldest)
    thinned = rows.filter(slot_at__gte=ends, slot_at__lt=now - timedelta(days=limits.raw_days))
    yield list(_all_but_the_last_of_each_hour(thinned))


def _all_but_the_last_of_each_hour(rows: QuerySet[Snapshot]) -> Iterator[int]:
    """Yield the others. The last is the last one that counts; of an hour of gaps one gap stays."""
    best: tuple[int, tuple[bool, datetime]] | None = None
    hour = None
    for pk, slot_at, status in rows.values_list("pk", "slot_at", "status").iterator():
        rank = (status in COUNTED, slot_at)
        started = slot_at.replace(minute=0, second=0, microsecond=0)
        if started != hour or best is None:
            hour, best = started, (pk, rank)
        elif rank > best[1]:
            yield best[0]
            best = (pk, rank)
        else:
            yield pk


def _delete_positions(snapshots: QuerySet[Snapshot], pace: Pace) -> int:
    deleted = 0
    while not pace.should_stop():
        ids = list(snapshots.order_by("pk").values_list("pk", flat=True)[: pace.size])
        if not ids:
            break
        with pace.step(), transaction.atomic():
            deleted += SnapshotPosition.objects.filter(snapshot__in=ids).delete()[0]
            _strip_revisions(ids)
    return deleted


def _strip_revisions(ids: list[int]) -> None:
    """Take the positions out of what these snapshots said before, too."""
    for revision in SnapshotRevision.objects.filter(snapshot__in=ids):
        revision.document.pop("positions", None)
        revision.save(update_fields=["document"])


def _delete_snapshots(ids: list[int], pace: Pace) -> int:
    deleted, done = 0, 0
    while done < len(ids) and not pace.should_stop():
        some = ids[done : done + pace.size]
        done += len(some)
        with pace.step(), transaction.atomic():
            # What has become suspect or has been reviewed in between stays.
            rows = Snapshot.objects.filter(pk__in=some).exclude(KEPT)
            deleted += rows.delete()[1].get("snapshots.Snapshot", 0)
    return deleted
