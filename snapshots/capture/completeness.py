"""Which slots an account should have, and which it has: no gap goes unmarked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from scheduling.models import Run
from snapshots.models import COUNTED, Account, Snapshot
from snapshots.slots import LENGTH, Slot, SlotKind, slots_of_day

TASK = "snapshots.pnl_snapshot"
# After that no run takes the slot any more: see MAX_LATENESS, and a minute for the run itself.
GRACE: dict[SlotKind, timedelta] = {
    "intraday": LENGTH + timedelta(minutes=5),
    "eod": timedelta(hours=2, minutes=15),
}
DAY = timedelta(days=1)
BATCH = 500
NOBODY = "Nobody took it: no scheduler ran, or the job was paused."


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many of a day's slots are there.

    expected    slots that were due, end of the day included
    by_status   how many have each status
    unrecorded  due, and without a row: they become `missed` with the next run
    unexpected  rows for slots that nobody expected, such as one that was taken at night by hand
    """

    day: date
    expected: int
    by_status: dict[str, int]
    unrecorded: int
    unexpected: int

    @property
    def counted(self) -> int:
        return sum(self.by_status.get(status, 0) for status in COUNTED)

    @property
    def share(self) -> float:
        """Return the share of the due slots that count; of none it is 1."""
        return min(self.counted / self.expected, 1.0) if self.expected else 1.0


def record_missed(account: Account, *, until: datetime) -> int:
    """Write down as missed what was due by `until` and is not there; return how many.

    Looks back to what was recorded a day ago, or to the account's first day: after a month
    without a host all of it is written.
    """
    start = _recorded_until(account, until - DAY)
    due = list(_due(account, start, until))
    known = _known(account, start)
    missing = [slot for slot in due if (slot.kind, slot.slot_at) not in known]
    if not missing:
        return 0
    reasons = _reasons(missing)
    rows = [_missed(account, slot, reasons.get(slot.slot_at, NOBODY)) for slot in missing]
    with transaction.atomic():
        # Between the look and the write of a run that takes such a slot, late, nothing comes.
        Account.objects.take_turns(account.pk)
        Snapshot.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


def days_of(account: Account, first: date, last: date, *, now: datetime) -> list[Day]:
    """Return each day of [first, last], with what was due by `now`."""
    rows = Snapshot.objects.filter(account=account, business_date__range=(first, last))
    statuses: dict[date, Counter[str]] = {}
    slots: dict[date, set[tuple[str, datetime]]] = {}
    for day, kind, slot_at, status in rows.values_list(
        "business_date", "kind", "slot_at", "status"
    ):
        statuses.setdefault(day, Counter())[status] += 1
        slots.setdefault(day, set()).add((kind, slot_at))
    return [
        _day(account, day, statuses.get(day, Counter()), slots.get(day, set()), now)
        for day in _dates(first, last)
    ]


def _day(
    account: Account,
    day: date,
    statuses: Counter[str],
    slots: set[tuple[str, datetime]],
    now: datetime,
) -> Day:
    due = {
        (slot.kind, slot.slot_at)
        for slot in slots_of_day(day, account.zone)
        if _is_wanted(account, slot) and slot.stands_for_at <= now
    }
    return Day(
        day=day,
        expected=len(due),
        by_status=dict(statuses),
        unrecorded=len(due - slots),
        unexpected=len(slots - due),
    )


def _recorded_until(account: Account, instant: datetime) -> datetime:
    """Return the last slot before `instant` that has a row: all before it have one."""
    last = Snapshot.objects.before(account, instant).values_list("slot_at", flat=True).first()
    return max(last, account.created_at) if last else account.created_at


def _due(account: Account, start: datetime, until: datetime) -> Iterator[Slot]:
    """Yield the slots from `start` on that nobody takes any more by `until`."""
    first = start.astimezone(account.zone).date()
    for day in _dates(first, until.astimezone(account.zone).date()):
        for slot in slots_of_day(day, account.zone):
            is_over = slot.stands_for_at + GRACE[slot.kind] <= until
            if _is_wanted(account, slot) and start <= slot.slot_at and is_over:
                yield slot


def _is_wanted(account: Account, slot: Slot) -> bool:
    """Tell whether the account was there already, and has such slots."""
    wants = account.wants_eod if slot.kind == "eod" else account.wants_intraday
    return wants and account.created_at <= slot.slot_at


def _known(account: Account, start: datetime) -> set[tuple[str, datetime]]:
    rows = Snapshot.objects.filter(account=account, slot_at__gte=start)
    return set(rows.values_list("kind", "slot_at"))


def _reasons(missing: Sequence[Slot]) -> dict[datetime, str]:
    """Return what became of the runs that should have taken these slots."""
    instants = [slot.slot_at for slot in missing]
    runs = Run.objects.filter(task=TASK, scheduled_at__range=(min(instants), max(instants)))
    known = runs.exclude(status__in=Run.OPEN).order_by("pk")
    return {
        at: f"Run {pk} was {status}. {reason}".strip()
        for at, pk, status, reason in known.values_list("scheduled_at", "pk", "status", "reason")
    }


def _missed(account: Account, slot: Slot, reason: str) -> Snapshot:
    return Snapshot(
        account=account,
        kind=slot.kind,
        slot_at=slot.slot_at,
        business_date=slot.business_date,
        status="missed",
        reasons=[{"guard": "", "says": reason, "blocks": False}],
        is_complete=False,
        currency=account.currency,
    )


def _dates(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
