from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.pace import Pace
from snapshots.models import Snapshot, SnapshotPosition
from snapshots.slots import slot_of
from snapshots.tasks import cleanup_snapshots
from snapshots.upkeep.thinning import Limits, list_expired, thin_out
from tests.snapshots.curves import end
from tests.snapshots.factories import Recorded, make_context
from tests.snapshots.scripted import make_scripted, scripted_sources, statement, take

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


def quick():
    return Pace(rest=lambda seconds: None)


def move(snapshot, *, days, minutes=0):
    """Let a snapshot be from so long before NOW."""
    snapshot.refresh_from_db()
    at = NOW - timedelta(days=days) + timedelta(minutes=minutes)
    slot = slot_of(at, is_eod=snapshot.kind == "eod", zone=snapshot.account.zone)
    snapshot.slot_at, snapshot.business_date = slot.slot_at, slot.business_date
    snapshot.save()
    return snapshot


@pytest.fixture
def taken():
    """Twelve quarters after the first one, with which the account joined long before."""
    account, script = make_scripted()
    move(take(account, script, statement()).snapshot, days=2000)
    found = [take(account, script, statement(), quarter=quarter).snapshot for quarter in range(12)]
    return account, script, found


def kept():
    """Return what is left beside the first one."""
    return set(Snapshot.objects.order_by("slot_at").values_list("pk", flat=True)[1:])


def test_positions_stay_for_a_week(taken):
    _, _, found = taken
    old, young = move(found[0], days=8), move(found[1], days=6)

    deleted = thin_out(Limits(), now=NOW, pace=quick())

    assert deleted == {"positions": 3, "snapshots": 0}
    assert (old.positions.count(), young.positions.count()) == (0, 3)
    assert old.parts.count() == 2


def test_totals_are_thinned_to_the_last_of_each_hour_and_then_to_the_days(taken):
    _, _, found = taken
    for number, minutes in enumerate((0, 15, 30, 45)):  # 15:30 to 16:15
        move(found[number], days=100, minutes=minutes)
    move(found[4], days=800)
    move(found[5], days=80)

    thin_out(Limits(), now=NOW, pace=quick())

    assert kept() == {item.pk for item in (found[1], found[3], *found[5:])}


def test_a_gap_gives_way_to_what_counts_in_its_hour(taken):
    _, _, found = taken
    counted, gap = move(found[0], days=100, minutes=30), move(found[1], days=100, minutes=45)
    Snapshot.objects.filter(pk=gap.pk).update(status="failed")

    thin_out(Limits(), now=NOW, pace=quick())

    assert counted.pk in kept()
    assert gap.pk not in kept()


def test_15_clean_up_never_lists_an_end_of_day_a_baseline_or_a_suspect(taken, admin_user):
    account, script, found = taken
    eod = take(account, script, statement(), is_eod=True, quarter=12).snapshot
    suspect, reviewed = found[1], found[2]
    Snapshot.objects.filter(pk=suspect.pk).update(status="suspect")
    reviewed.reject(by=admin_user, reason="No.")
    for number, snapshot in enumerate((*found, eod)):
        move(snapshot, days=900, minutes=15 * number)

    counts, listed = list_expired(Limits(), now=NOW)
    deleted = thin_out(Limits(), now=NOW, pace=quick())

    protected = {eod.pk, suspect.pk, reviewed.pk}
    assert not protected & {snapshot.pk for snapshot in listed}
    assert deleted["snapshots"] == counts["snapshots"] == 10
    assert protected <= kept()
    assert eod.positions.count() == 3


def test_the_newest_that_counts_stays_whole_however_old_it_is():
    account, script = make_scripted()
    snapshot = take(account, script, statement()).snapshot

    thin_out(Limits(), now=NOW + 2000 * DAY, pace=quick())

    assert snapshot.positions.count() == 3


def test_a_backfilled_end_does_not_stand_in_for_the_newest_that_counts():
    account, script = make_scripted()
    snapshot = take(account, script, statement()).snapshot
    end(account, NOW.date() + 30 * DAY, 95_000, status="backfilled")

    thin_out(Limits(), now=NOW + 2000 * DAY, pace=quick())

    assert snapshot.positions.count() == 3


def test_the_first_that_counts_stays_whole_for_the_account_joined_with_it():
    account, script = make_scripted()
    found = [take(account, script, statement(), quarter=quarter).snapshot for quarter in range(4)]
    for number, snapshot in enumerate(found):
        move(snapshot, days=900, minutes=15 * number)
    Snapshot.objects.filter(pk=found[0].pk).update(status="failed")

    thin_out(Limits(), now=NOW, pace=quick())

    assert list(Snapshot.objects.order_by("pk")) == [found[1], found[3]]
    assert found[1].positions.count() == 3


def test_a_stop_leaves_the_rest_for_the_next_time(taken):
    for snapshot in taken[2]:
        move(snapshot, days=900, minutes=15 * snapshot.pk)

    deleted = thin_out(Limits(), now=NOW, pace=Pace(should_stop=lambda: True))

    assert deleted == {"positions": 0, "snapshots": 0}


def test_a_dry_run_deletes_nothing_and_lists_what_it_would(taken):
    _, _, found = taken
    for number in range(4):
        move(found[number], days=900, minutes=15 * number)
    recorded = Recorded()

    result = cleanup_snapshots(make_context(scheduled_at=NOW, recorded=recorded), dry_run=True)

    assert result == {"would_delete": {"positions": 12, "snapshots": 4}}
    lines = recorded.artifacts["would_delete.csv"].decode().splitlines()
    assert Counter(line.count(",") for line in lines) == {4: 5}
    assert len(kept()) == 12
    assert SnapshotPosition.objects.count() == 39


def test_the_task_deletes_as_of_its_instant(taken):
    _, _, found = taken
    move(found[0], days=900)

    result = cleanup_snapshots(make_context(scheduled_at=NOW), raw_days=30)

    assert result == {"deleted": {"positions": 3, "snapshots": 1}}
