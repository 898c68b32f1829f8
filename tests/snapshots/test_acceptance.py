"""The acceptance tests of snapshots, by the numbers of their list."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from scheduling.context import Degraded
from scheduling.exceptions import TaskFailed
from snapshots.models import Snapshot
from snapshots.slots import end_of_day, slots_of_day
from snapshots.sources.base import InvalidStatement, SourceUnavailable
from snapshots.tasks import pnl_snapshot
from tests.snapshots.curves import end
from tests.snapshots.factories import SCHEDULED_AT, make_context
from tests.snapshots.scripted import (
    QUARTER,
    TOTAL,
    USUAL,
    make_scripted,
    scripted_sources,
    statement,
    take,
)

pytestmark = pytest.mark.django_db
HALF = {"Kraken": USUAL["Kraken"]}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(SourceUnavailable("timed out"), TaskFailed, id="raises"),
        pytest.param(InvalidStatement("success: 0"), TaskFailed, id="200-with-success-0"),
        pytest.param(statement({place: {} for place in USUAL}), TaskFailed, id="empty-list"),
        pytest.param(statement(failed={"Ledger": "502"}), Degraded, id="half-the-pages"),
        pytest.param(statement(HALF), Degraded, id="half-and-not-a-word"),
    ],
)
def test_01_no_accepted_snapshot_of_a_bad_answer_and_a_run_that_says_so(answer, outcome):
    account, script = make_scripted()
    take(account, script, statement(at=SCHEDULED_AT - 5 * QUARTER), quarter=-5)
    script.answer = answer

    try:
        found = pnl_snapshot(make_context(), account=str(account.pk))
    except TaskFailed as exc:
        found = exc

    assert isinstance(found, outcome)
    snapshot = Snapshot.objects.get(slot_at=SCHEDULED_AT)
    assert snapshot.status in ("failed", "suspect")
    assert snapshot not in Snapshot.objects.counted()
    assert snapshot.why


def test_02_one_of_two_sources_fails_and_the_total_never_drops_by_it():
    first = make_scripted("One")
    second = make_scripted("Two", owner=first[0].owner)
    for account, script in (first, second):
        take(account, script, statement())

    totals = []
    for quarter in range(1, 6):
        take(*first, statement(), quarter=quarter)
        take(*second, SourceUnavailable("down"), quarter=quarter)
        at = SCHEDULED_AT + quarter * QUARTER
        counted = Snapshot.objects.counted().filter(slot_at=at)
        totals.append(sum(snapshot.total_usd for snapshot in counted))

    carried = Snapshot.objects.filter(account=second[0], status="carried")
    assert totals == [2 * TOTAL] * 4 + [TOTAL]  # then there is a gap in the second
    assert {snapshot.as_of for snapshot in carried} == {SCHEDULED_AT}
    assert Snapshot.objects.get(account=second[0], slot_at=at).status == "failed"


def test_01_a_backfilled_end_of_a_day_lets_no_half_answer_pass():
    account, script = make_scripted()
    take(account, script, statement(at=SCHEDULED_AT - DAY), quarter=-96)
    end(account, SCHEDULED_AT.date() - DAY, TOTAL, status="backfilled")

    half = take(account, script, statement(HALF)).snapshot

    assert half.status == "suspect"


def test_03_a_genuine_crash_is_accepted_with_a_notice_only():
    account, script = make_scripted()
    for quarter in range(25):
        factor = str(1 + Decimal(quarter * 7 % 5) / 5000)
        take(account, script, statement(factor=factor), quarter=quarter)

    crash = take(account, script, statement(factor="0.75"), quarter=25).snapshot

    assert crash.status == "accepted"
    assert [(reason["guard"], reason["blocks"]) for reason in crash.reasons] == [("G6", False)]


def test_05_late_end_of_day_keeps_its_date_and_no_worse_run_takes_its_place():
    account, script = make_scripted()
    at = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
    quarters = (at - SCHEDULED_AT) / QUARTER
    late = statement(at=at + timedelta(minutes=4))  # 00:03 in Zurich

    first = take(account, script, late, quarter=quarters, is_eod=True)
    again = take(account, script, late, quarter=quarters, is_eod=True)
    worse = take(account, script, SourceUnavailable("down"), quarter=quarters, is_eod=True)

    assert [item.outcome for item in (first, again, worse)] == ["created", "replaced", "kept"]
    snapshot = Snapshot.objects.get()
    assert (snapshot.business_date, snapshot.status) == (date(2026, 3, 2), "accepted")


@pytest.mark.parametrize(
    "host_zone", ["UTC", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu"]
)
def test_06_days_of_23_and_25_hours_have_68_slots_wherever_the_host_is(host_zone, monkeypatch):
    account, _ = make_scripted()
    monkeypatch.setitem(os.environ, "TZ", host_zone)
    time.tzset()

    for day, ends_at in ((date(2026, 3, 29), "21:59"), (date(2026, 10, 25), "22:59")):
        assert len(slots_of_day(day, account.zone)) == 69
        assert f"{end_of_day(day, account.zone):%H:%M}" == ends_at
    monkeypatch.undo()
    time.tzset()


def test_07_another_min_usd_changes_no_total():
    account, script = make_scripted()
    dust = USUAL | {"Dust": {"PEPE": ("1000", "0.05"), "LUNC": ("3", "0.1")}}

    first = take(account, script, statement(dust), min_usd="1").snapshot
    second = take(account, script, statement(dust), quarter=1, min_usd="100").snapshot

    assert first.total_usd == second.total_usd == TOTAL + Decimal("50.3")
    assert (first.position_count, second.position_count) == (4, 3)
    assert second.status == "accepted"
    assert (second.dust_count, second.dust_value_usd) == (2, Decimal("50.3"))
