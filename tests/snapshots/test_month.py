"""A month of slots, over a change of the clock, with all that goes wrong in one.

Where nothing happens only the first and the last hour of a day are taken; the quarters between
are written as they would be after the clean-up: with their totals, without positions.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from snapshots.capture.completeness import days_of, record_missed
from snapshots.capture.taking import capture
from snapshots.models import Account, Snapshot
from snapshots.slots import Slot, slot_of, slots_of_day
from snapshots.sources.base import SourceUnavailable
from tests.snapshots.scripted import TOTAL, USUAL, make_scripted, scripted_sources, statement

ZURICH = ZoneInfo("Europe/Zurich")
DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(31)]  # 25th: 25 hours
CRASH = datetime(2026, 10, 20, 10, tzinfo=UTC)
DOWN = SourceUnavailable("502 Bad Gateway")


def local(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-{day:02}T{clock}").replace(tzinfo=ZURICH)


# All slots from an hour before until an hour after are taken.
EVENTS = [
    (local(3, "09:00"), local(3, "10:45")),
    (local(5, "12:00"), local(5, "12:30")),
    (local(7, "16:00"), local(7, "16:15")),
    (local(10, "15:00"), local(11, "14:45")),
    (local(12, "12:00"), local(12, "14:00")),
    (local(14, "10:00"), local(14, "11:00")),
    (CRASH, CRASH),
    (local(25, "00:00"), local(25, "23:59")),
]


def within(at: datetime, first: datetime, last: datetime) -> bool:
    return first <= at <= last


def worth(at: datetime) -> Decimal:
    """Return what all is worth as a factor: it wavers by a tenth of a percent, and crashes once."""
    step = int(at.timestamp() // 60) * 37 % 21 - 10
    return (1 + Decimal(step) / 10_000) * (Decimal("0.75") if at >= CRASH else 1)


def answer_at(at: datetime):
    """Return what the source says then."""
    if within(at, local(3, "09:00"), local(3, "10:45")) or at == local(18, "23:59"):
        return DOWN
    factor = str(worth(at))
    if within(at, local(5, "12:00"), local(5, "12:30")):
        return statement(at=at, factor=factor, failed={"Ledger": "timed out"})
    if within(at, local(7, "16:00"), local(7, "16:15")):
        return statement({"Ledger": USUAL["Ledger"]}, at=at, factor=factor)  # and says no word
    late = {local(14, "10:00"): 10, local(14, "11:00"): 20}.get(at, 0)  # minutes
    late += 4 if at == local(16, "23:59") else 0
    return statement(at=at + timedelta(minutes=late), factor=factor)


def live_through(account: Account, script) -> None:
    """Take all slots of the month, but those while the host was down; some of them twice."""
    for day in DAYS:
        slots = slots_of_day(day, ZURICH)
        write_down(account, [slot for slot in slots if is_quiet(slot)])
        for slot in slots:
            if within(slot.slot_at, local(10, "15:00"), local(11, "14:45")) or is_quiet(slot):
                continue
            for _ in range(2 if day.day == 12 and slot.slot_at.minute == 0 else 1):
                take(account, script, slot)
        record_missed(account, until=slots[-1].stands_for_at)
    record_missed(account, until=local(31, "23:59") + timedelta(hours=3))


def is_quiet(slot: Slot) -> bool:
    at, hour = slot.slot_at, timedelta(hours=1)
    if any(within(at, first - hour, last + hour) for first, last in EVENTS):
        return False
    return time(8) <= at.astimezone(ZURICH).time() < time(23)


def write_down(account: Account, slots: list[Slot]) -> None:
    Snapshot.objects.bulk_create(
        Snapshot(
            account=account,
            kind=slot.kind,
            slot_at=slot.slot_at,
            business_date=slot.business_date,
            as_of=slot.slot_at,
            is_complete=True,
            currency="USD",
            total_value=TOTAL * worth(slot.slot_at),
            total_usd=TOTAL * worth(slot.slot_at),
            total_reporting=TOTAL * worth(slot.slot_at),
            position_count=3,
        )
        for slot in slots
    )


def take(account: Account, script, slot: Slot) -> None:
    # The run stands for its fire time, and may start after midnight.
    assert slot == slot_of(slot.slot_at, is_eod=slot.kind == "eod", zone=account.zone)
    script.answer = answer_at(slot.slot_at)
    capture(account, slot, min_usd=Decimal(1), run_id=1, now=slot.slot_at)


@pytest.mark.django_db
def test_a_month_with_failures_has_no_false_crash_and_no_unmarked_gap():
    with scripted_sources():
        account, script = make_scripted()
        Account.objects.update(created_at=local(1, "00:00"))
        account.refresh_from_db()

        live_through(account, script)

    rows = list(Snapshot.objects.order_by("slot_at"))
    assert_no_false_crash(rows)
    days = days_of(account, DAYS[0], DAYS[-1], now=local(31, "23:59") + timedelta(days=1))
    assert {(day.expected, day.unrecorded, day.unexpected) for day in days} == {(69, 0, 0)}
    assert all(sum(day.by_status.values()) == 69 for day in days)
    assert Counter(row.status for row in rows) == {
        "accepted": 31 * 69 - 4 - 4 - 1 - 3 - 2 - 1 - 69,
        "carried": 4 + 1 + 3 + 1,  # an hour, an end of day, a part, and what came 20 minutes late
        "failed": 4,
        "suspect": 2,
        "missed": 69,
    }
    eod = {row.business_date: row for row in rows if row.kind == "eod"}
    assert len(eod) == 31
    assert eod[date(2026, 10, 16)].status == "accepted"  # though it was taken at 00:03
    assert eod[date(2026, 10, 18)].status == "carried"
    assert eod[date(2026, 10, 25)].slot_at == datetime(2026, 10, 25, 22, 59, tzinfo=UTC)


def assert_no_false_crash(rows: list[Snapshot]) -> None:
    counted = [row for row in rows if row.is_counted]
    for row in counted:
        truth = TOTAL * worth(row.slot_at)
        if row.status == "accepted":
            assert row.total_usd == truth, row
        assert abs(row.total_usd / truth - 1) < Decimal("0.003"), (row, row.total_usd, truth)
    # The market's crash is one, and it counts at once.
    (crash,) = [row for row in counted if row.slot_at == CRASH]
    assert crash.status == "accepted"
    assert [reason["guard"] for reason in crash.reasons] == ["G6"]
