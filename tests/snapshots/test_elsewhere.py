from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduling.models import Job, Run
from snapshots.models import Account
from snapshots.slots import slots_of_day
from snapshots.tasks import pnl_elsewhere
from tests.factories import make_job, make_user
from tests.snapshots.factories import make_account, make_context

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
SEOUL_ENDS = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _jobs():
    every("pnl_intraday", "*/15 7-23 * * *")
    every("pnl_eod", "59 23 * * *", is_eod=True)


def every(key, expression, *, zone="Europe/Zurich", **params):
    return make_job(
        key=key,
        task="snapshots.pnl_snapshot",
        params={"account": "every", **params},
        trigger_expression=expression,
        timezone=zone,
        overlap="allow",
        max_instances=1000,
    )


@pytest.fixture
def seoul():
    account = make_account(timezone="Asia/Seoul")
    Account.objects.update(created_at=SEOUL_ENDS - timedelta(days=9))
    return account


def look(at):
    pnl_elsewhere(make_context(scheduled_at=at, origin="schedule", job_key="pnl_other_zones"))


def requested(key):
    runs = Run.objects.filter(job__key=key).order_by("scheduled_at")
    return [run.scheduled_at for run in runs]


def test_a_day_in_another_zone_is_whole_without_a_job_of_its_own(seoul):
    day = slots_of_day(datetime(2026, 3, 4).date(), seoul.zone)  # noqa: DTZ001
    trigger = Job.objects.get(key="pnl_intraday").trigger_object

    for number in range(97):
        look(SEOUL_ENDS + number * QUARTER)

    wanted = [one for one in day if one.kind == "intraday"]
    left = [one.slot_at for one in wanted if trigger.last_until(one.slot_at - QUARTER, one.slot_at)
            != one.slot_at]  # fmt: skip
    assert requested("pnl_intraday") == left
    assert requested("pnl_eod") == [SEOUL_ENDS - timedelta(minutes=1), day[-1].slot_at]
    assert (len(wanted), len(left)) == (68, 28)


def test_what_the_jobs_fire_for_is_left_to_them():
    make_account()
    make_account(make_user("jill"), timezone="Europe/Berlin")

    for number in range(96):
        look(datetime(2026, 3, 3, tzinfo=UTC) + number * QUARTER)

    assert not Run.objects.exists()


def test_a_job_that_somebody_wrote_for_the_zone_is_left_its_slots(seoul):
    every("seoul", "59 23 * * *", zone="Asia/Seoul", is_eod=True)

    look(SEOUL_ENDS)

    assert requested("pnl_eod") == []


def test_an_end_that_was_missed_is_asked_for_once_while_there_is_time(seoul):
    for minutes in (90, 105, 120):
        look(SEOUL_ENDS + timedelta(minutes=minutes))

    assert requested("pnl_eod") == [SEOUL_ENDS - timedelta(minutes=1)]


def test_too_late_or_paused_nothing_is_asked_for(seoul):
    look(SEOUL_ENDS + timedelta(minutes=120))
    Job.objects.get(key="pnl_eod").pause("No.")
    look(SEOUL_ENDS)

    assert requested("pnl_eod") == []
