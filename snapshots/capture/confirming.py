"""Accept suspects by themselves once later answers of their source agree with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from snapshots.capture.guards import Evidence, is_explained, is_spread_alike
from snapshots.capture.judging import guard_limits, jumped
from snapshots.capture.references import amounts_of, last_counted, line_of
from snapshots.exceptions import ReviewRefused
from snapshots.models import Snapshot
from snapshots.valuing.whole import Line

# What a later answer can settle. Without all parts, or worth nothing, it takes a person.
SETTLED_BY_TIME = {"G2", "G3", "G4"}
MOST = 200  # suspects looked at: so many slots have three files, one a day


def confirm_suspects(newest: Snapshot, *, now: datetime) -> list[Snapshot]:
    """Accept `newest` and the suspects before it that agree, and return them.

    That takes so many further answers as SNAPSHOT_CONFIRMATIONS says, all complete, each at
    least SNAPSHOT_CONFIRM_MINUTES newer than the one before: the same file twice is one answer,
    which is accepted in each of its slots.
    """
    needed = settings.SNAPSHOT_CONFIRMATIONS
    if not needed or not _may_settle(newest):
        return []
    last = last_counted(newest.account, newest.slot_at)
    earlier = Snapshot.objects.before(newest.account, newest.slot_at).filter(status="suspect")
    if last is not None:
        earlier = earlier.filter(slot_at__gt=last.slot_at)
    agreeing, count = _agreeing(newest, list(earlier[:MOST]))
    if count <= needed:
        return []
    reason = f"{count - 1} further complete answers agree."
    confirmed = [snapshot for snapshot in agreeing if _confirm(snapshot, reason, now)]
    newest.refresh_from_db()
    return confirmed


def _confirm(snapshot: Snapshot, reason: str, now: datetime) -> bool:
    """Accept it, unless somebody decided about it since it was looked for, or another run did."""
    try:
        snapshot.confirm(reason, now=now)
    except ReviewRefused:
        return False
    return True


def _agreeing(newest: Snapshot, earlier: Sequence[Snapshot]) -> tuple[list[Snapshot], int]:
    """Return the suspects that agree, and how many answers they are."""
    apart = timedelta(minutes=settings.SNAPSHOT_CONFIRM_MINUTES)
    found, count, last_at = [newest], 1, newest.as_of
    for snapshot in earlier:  # the newest first
        if not _may_settle(snapshot) or not _agree(snapshot, found[-1]):
            break
        found.append(snapshot)
        if last_at and snapshot.as_of and last_at - snapshot.as_of >= apart:
            count, last_at = count + 1, snapshot.as_of
    return found, count


def _may_settle(snapshot: Snapshot) -> bool:
    blocking = {reason["guard"] for reason in snapshot.reasons if reason.get("blocks")}
    is_suspect = snapshot.status == "suspect" and snapshot.is_complete
    return is_suspect and bool(blocking) and blocking <= SETTLED_BY_TIME


def _agree(older: Snapshot, younger: Snapshot) -> bool:
    """Tell whether the guards that compare two answers would let the younger one pass."""
    if older.total_value is None or younger.total_value is None:
        return False
    if (older.as_of, older.total_value) == (younger.as_of, younger.total_value):
        return True  # one answer, read twice
    limits = guard_limits()
    evidence = Evidence(
        problems=(),
        total=younger.total_value,
        after=amounts_of(_lines(younger)),
        before=amounts_of(_lines(older)),
        total_before=older.total_value,
        limits=limits,
    )
    if jumped(evidence.before or (), evidence.after, limits):
        return False  # a price that leaps about is no answer
    return is_explained(evidence) is None and is_spread_alike(evidence) is None


def _lines(snapshot: Snapshot) -> list[Line]:
    return [line_of(row) for row in snapshot.positions.all()]
