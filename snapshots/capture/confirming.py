"""Accept suspects by themselves once later answers of their source agree with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from snapshots.capture.guards import Evidence, is_explained, is_spread_alike
from snapshots.capture.judging import guard_limits
from snapshots.capture.references import amounts_of, last_counted, line_of
from snapshots.models import Snapshot
from snapshots.valuing.whole import Line

# What a later answer can settle. Without all parts, or worth nothing, it takes a person.
SETTLED_BY_TIME = {"G2", "G3", "G4"}


def confirm_suspects(newest: Snapshot, *, now: datetime) -> list[Snapshot]:
    """Accept `newest` and the suspects before it that agree, and return them.

    That takes so many further answers as SNAPSHOT_CONFIRMATIONS says, all complete, each at
    least SNAPSHOT_CONFIRM_MINUTES newer than the one before: the same file twice is one answer.
    """
    needed = settings.SNAPSHOT_CONFIRMATIONS
    if not needed or not _may_settle(newest):
        return []
    last = last_counted(newest.account, newest.slot_at)
    earlier = Snapshot.objects.before(newest.account, newest.slot_at).filter(status="suspect")
    if last is not None:
        earlier = earlier.filter(slot_at__gt=last.slot_at)
    agreeing = _agreeing(newest, list(earlier.prefetch_related("positions")[: 4 * needed]))
    if len(agreeing) <= needed:
        return []
    for snapshot in agreeing:
        snapshot.confirm(f"{len(agreeing) - 1} further complete answers agree.", now=now)
    newest.refresh_from_db()
    return agreeing


def _agreeing(newest: Snapshot, earlier: Sequence[Snapshot]) -> list[Snapshot]:
    apart = timedelta(minutes=settings.SNAPSHOT_CONFIRM_MINUTES)
    found = [newest]
    for snapshot in earlier:  # the newest first
        younger = found[-1]
        if not _may_settle(snapshot) or not _agree(snapshot, younger):
            break
        if younger.as_of and snapshot.as_of and younger.as_of - snapshot.as_of >= apart:
            found.append(snapshot)
    return found


def _may_settle(snapshot: Snapshot) -> bool:
    blocking = {reason["guard"] for reason in snapshot.reasons if reason.get("blocks")}
    is_suspect = snapshot.status == "suspect" and snapshot.is_complete
    return is_suspect and bool(blocking) and blocking <= SETTLED_BY_TIME


def _agree(older: Snapshot, younger: Snapshot) -> bool:
    """Tell whether the guards that compare two answers would let the younger one pass."""
    if older.total_value is None or younger.total_value is None:
        return False
    evidence = Evidence(
        problems=(),
        total=younger.total_value,
        after=amounts_of(_lines(younger)),
        before=amounts_of(_lines(older)),
        total_before=older.total_value,
        limits=guard_limits(),
    )
    return is_explained(evidence) is None and is_spread_alike(evidence) is None


def _lines(snapshot: Snapshot) -> list[Line]:
    return [line_of(row) for row in snapshot.positions.all()]
