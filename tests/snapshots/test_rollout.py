from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduling.exceptions import InvalidParams, TaskFailed
from scheduling.models import Job, Run
from scheduling.registry import registry
from snapshots.models import Account
from snapshots.tasks import pnl_snapshot
from tests.factories import make_job, make_user
from tests.snapshots.factories import SCHEDULED_AT, make_account, make_context

pytestmark = pytest.mark.django_db
PAST = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)  # 23:59 in Zurich


@pytest.fixture(autouse=True)
def _jobs():
    for key, params in (("pnl_intraday", {}), ("pnl_eod", {"is_eod": True})):
        make_job(
            key=key,
            task="snapshots.pnl_snapshot",
            params={"account": "every", **params},
            overlap="allow",
            max_instances=1000,
        )


def roll_out(*, at=SCHEDULED_AT, origin="schedule", key="pnl_intraday", **run):
    context = make_context(scheduled_at=at, origin=origin, job_key=key, **run)
    return pnl_snapshot(context, account="every", is_eod=key == "pnl_eod")


def requested():
    runs = Run.objects.order_by("pk")
    return [(int(run.params["account"]), run.scheduled_at, run.origin, run.status) for run in runs]


def test_each_account_has_a_run_of_its_own():
    jack = make_account()
    jill = make_account(make_user("jill"))

    result = roll_out()

    expected = [(account.pk, SCHEDULED_AT, "dependency", "pending") for account in (jack, jill)]
    assert requested() == expected
    assert result["accounts"] == 2


def test_a_second_attempt_requests_no_second_run():
    make_account()

    roll_out()
    again = roll_out()

    assert len(requested()) == 1
    assert again["runs"] == []


def test_quarter_and_end_of_day_are_runs_of_their_own():
    make_account()

    roll_out(at=PAST)
    roll_out(at=PAST, key="pnl_eod")

    assert [run.job.key for run in Run.objects.order_by("pk")] == ["pnl_intraday", "pnl_eod"]


def test_only_who_wants_it_has_one():
    account = make_account(wants_intraday=False)

    roll_out()
    roll_out(at=PAST, key="pnl_eod")

    assert requested() == [(account.pk, PAST, "dependency", "pending")]


def test_an_account_of_another_zone_has_one_when_its_own_day_has_the_slot():
    make_account(timezone="Asia/Seoul")

    roll_out(at=PAST, key="pnl_eod")
    assert requested() == []
    roll_out(at=PAST, key="pnl_eod", origin="manual")
    assert len(requested()) == 1


def test_a_job_of_somebody_reads_only_his_own_accounts():
    make_account(make_user("jill"))
    mine = make_account()

    roll_out(owner_id=mine.owner_id)

    assert [account for account, *_ in requested()] == [mine.pk]


def test_without_an_account_nothing_fails():
    assert roll_out() == {"kind": "intraday", "accounts": 0, "runs": []}


def test_one_account_is_taken_by_its_number():
    account = make_account()

    with pytest.raises(TaskFailed, match=r"balance\.csv"):
        pnl_snapshot(make_context(), account=str(account.pk))
    with pytest.raises(TaskFailed, match="no account 12345 that this job may read"):
        pnl_snapshot(make_context(owner_id=account.owner_id), account="12345")
    eve = make_user("eve")
    with pytest.raises(TaskFailed, match=f"no account {account.pk} that this job may read"):
        pnl_snapshot(make_context(owner_id=eve.pk), account=str(account.pk))


def test_a_hundred_accounts_all_have_one():
    owner = make_user("jack")
    Account.objects.bulk_create(
        [Account(owner=owner, name=str(number), source="cointracking") for number in range(120)]
    )

    roll_out()

    assert Run.objects.filter(status="pending").count() == 120
    assert Job.objects.get(key="pnl_intraday").overlap == "allow"


@pytest.mark.parametrize("given", ["7", 7, "every"])
def test_an_account_is_named_by_its_number(given):
    parameters = registry.get("snapshots.pnl_snapshot").parameters

    assert parameters.validate({"account": given}) == {"account": str(given)}


@pytest.mark.parametrize("wrong", ["Main", "", "-1", True, "7\n"])
def test_an_account_that_is_no_number_is_refused(wrong):
    with pytest.raises(InvalidParams):
        registry.get("snapshots.pnl_snapshot").parameters.validate({"account": wrong})
