from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from knox.models import AuthToken

from scheduling.models import Run
from scheduling.pace import Pace
from snapshots.belongings.erasing import CannotErase, erase
from snapshots.belongings.kinds import KINDS, rows_of
from snapshots.models import Account, Credential, Flow, Watch
from tests.factories import make_job, make_run
from tests.snapshots.belonging import NOW, make_owner
from tests.snapshots.scripted import scripted_sources

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


def make_all(name):
    """Let a user have all that is deleted."""
    owner = make_owner(name)
    account = Account.objects.get(owner=owner)
    AuthToken.objects.create(owner)
    Watch.objects.create(
        subject=f"account:{account.pk}", name=name, owner=owner, state="fresh", changed_at=NOW
    )
    job = make_job(key=name, owner=owner, task="snapshots.pnl_snapshot")
    for params in ({"account": str(account.pk)}, {"user_id": name}):
        make_run(
            job, status="succeeded", params=params, result={"total_usd": "95"}, finished_at=NOW
        )
    return owner, job


def manage(*args):
    output = StringIO()
    call_command("delete_user_data", *args, stdout=output)
    return output.getvalue()


def everything():
    """Return how many rows each table of ours has."""
    models = [*apps.get_app_config("snapshots").get_models(), AuthToken, Run]
    return {model._meta.label: model._default_manager.count() for model in models}


def test_all_of_one_user_goes_and_all_of_another_stays():
    jack, job = make_all("jack")
    before = everything()
    jill, other_job = make_all("jill")

    said = manage("jill", "--confirm", "jill")

    assert everything() == before
    assert all(rows_of(kind, jack.pk).exists() for kind in KINDS)
    assert not any(rows_of(kind, jill.pk).exists() for kind in KINDS)
    assert (Credential.objects.get().account.owner, AuthToken.objects.get().user) == (jack, jack)
    assert "1 job(s) paused." in said
    job.refresh_from_db()
    other_job.refresh_from_db()
    assert (job.state, other_job.state) == ("active", "paused")
    assert other_job.state_reason == "Paused: What belonged to its owner jill was deleted."


def test_dry_run_counts_the_same_and_deletes_nothing():
    _, job = make_all("jack")
    before = everything()

    would = manage("jack", "--dry-run")

    job.refresh_from_db()
    assert (everything(), job.state) == (before, "active")
    assert Account.objects.get().wants_eod
    done = manage("jack", "--confirm", "jack")
    assert would.replace("Would delete", "Deleted").replace("would be", "are") == done
    assert "0 rows of jack would be deleted, 0 job(s) paused." in manage("jack", "--dry-run")


def test_it_has_to_be_said_twice():
    make_all("jack")
    before = everything()

    for wrong in ([], ["--confirm", "jill"]):
        with pytest.raises(CommandError, match="--confirm jack"):
            manage("jack", *wrong)
    with pytest.raises(CommandError, match="There is no user 'jill'"):
        manage("jill", "--confirm", "jill")

    assert everything() == before


def test_files_and_runs_that_are_not_over_stay():
    _, job = make_all("jack")
    account = Account.objects.get()
    account.settings["path"] = "balance.csv"
    account.save()
    make_run(job, status="pending", params={"user_id": "jack", "account": None})
    make_run(job, status="succeeded", params={"user_id": "jack", "account": "999"}, finished_at=NOW)

    said = manage("jack", "--confirm", "jack")

    assert "Left where they are, under DATA_DIR: balance.csv." in said
    assert [run.params.get("account") for run in Run.objects.order_by("pk")] == [None, "999"]


def test_what_a_run_writes_meanwhile_is_told():
    jack, _ = make_all("jack")
    account = Account.objects.get()

    late = []

    def rest(seconds):
        if not late and not account.uploads.exists():
            late.append(seconds)
            Flow.objects.record(account=account, at=NOW, amount=1)

    with pytest.raises(CannotErase, match="Do it again"):
        erase(jack, pace=Pace(rest=rest))
    assert erase(jack)["accounts"] == 1
