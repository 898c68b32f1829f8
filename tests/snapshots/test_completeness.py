from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from snapshots.capture.completeness import days_of, record_missed
from snapshots.models import Account, Snapshot
from snapshots.slots import is_slot, slots_of_day
from tests.factories import make_job, make_run
from tests.snapshots.scripted import SCRIPTS, make_scripted, scripted_sources, statement, take

ZURICH = ZoneInfo("Europe/Zurich")
pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    """An account that was made at noon (Zurich) of 1 March 2026."""
    with scripted_sources():
        made, _ = make_scripted()
        Account.objects.update(created_at=datetime(2026, 3, 1, 11, tzinfo=UTC))
        made.refresh_from_db()
        yield made


def statuses():
    return list(Snapshot.objects.order_by("slot_at").values_list("status", flat=True))


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_has_68_slots_and_an_end(day):
    slots = slots_of_day(day, ZURICH)

    assert [slot.kind for slot in slots] == ["intraday"] * 68 + ["eod"]
    assert {slot.business_date for slot in slots} == {day}
    assert slots[0].slot_at.astimezone(ZURICH).hour == 7


def test_an_instant_is_in_a_slot_of_the_accounts_own_day():
    late = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)  # 23:59 in Zurich, 07:59 in Seoul

    assert is_slot(late, is_eod=True, zone=ZURICH)
    assert not is_slot(late, is_eod=True, zone=ZoneInfo("Asia/Seoul"))
    assert is_slot(late, is_eod=False, zone=ZoneInfo("Asia/Seoul"))
    assert not is_slot(late + timedelta(hours=2), is_eod=False, zone=ZURICH)


def test_what_was_due_and_is_not_there_is_missed(account):
    record_missed(account, until=datetime(2026, 3, 1, 12, tzinfo=UTC))

    found = Snapshot.objects.order_by("slot_at")
    assert statuses() == ["missed"] * 3  # 12:00 to 12:30; 12:45 may still be taken
    assert found[0].slot_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert found[0].why.startswith("Nobody took it")


def test_a_month_without_a_host_is_written_down_once(account):
    until = datetime(2026, 4, 1, 12, tzinfo=UTC)

    first = record_missed(account, until=until)
    again = record_missed(account, until=until)

    assert again == 0
    assert Snapshot.objects.filter(kind="eod").count() == 31
    assert first == 30 * 69 + (48 + 1) + (28 - 1)  # first day from 12:00, last until 13:30


def test_a_missed_slot_says_what_became_of_its_run(account):
    run = make_run(
        make_job(task="snapshots.pnl_snapshot"),
        status="missed",
        reason="It could not start in time.",
        scheduled_at=datetime(2026, 3, 1, 11, tzinfo=UTC),
        finished_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )

    record_missed(account, until=datetime(2026, 3, 1, 11, 20, tzinfo=UTC))

    assert Snapshot.objects.get().why == f"Run {run.pk} was missed. It could not start in time."


def test_a_late_run_takes_the_place_of_a_missed_slot(account):
    at = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
    record_missed(account, until=at + timedelta(hours=1))

    taken = take(account, SCRIPTS["Main"], statement()).snapshot

    assert (taken.status, taken.revisions.get().status) == ("accepted", "missed")


def test_days_count_what_is_expected_and_what_is_there(account):
    now = datetime(2026, 3, 2, 13, tzinfo=UTC)
    record_missed(account, until=now)

    first, second = days_of(account, date(2026, 3, 1), date(2026, 3, 2), now=now)

    assert (first.expected, first.by_status, first.unrecorded) == (49, {"missed": 49}, 0)
    assert (second.expected, second.unrecorded, second.share) == (29, 2, 0)


def test_an_account_that_wants_only_ends_of_days_has_only_these(account):
    account.wants_intraday = False

    record_missed(account, until=datetime(2026, 3, 4, 12, tzinfo=UTC))

    assert set(Snapshot.objects.values_list("kind", flat=True)) == {"eod"}
    assert Snapshot.objects.count() == 3
