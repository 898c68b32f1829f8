from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse

from snapshots.capture.judging_again import judge_again
from snapshots.models import Flow
from tests.snapshots.factories import SCHEDULED_AT
from tests.snapshots.scripted import (
    USUAL,
    make_scripted,
    scripted_sources,
    statement,
    take,
)
from tests.snapshots.sources.test_trade_table import table

pytestmark = pytest.mark.django_db
HALF = {"Kraken": USUAL["Kraken"]}  # without 15,000 at Ledger
SENT_AT = SCHEDULED_AT + timedelta(minutes=5)
NOW = SCHEDULED_AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


@pytest.fixture
def taken():
    account, script = make_scripted()
    take(account, script, statement())
    return account, script


@pytest.fixture
def suspects(taken):
    found = [take(*taken, statement(HALF), quarter=quarter).snapshot for quarter in (1, 2)]
    assert [snapshot.status for snapshot in found] == ["suspect"] * 2
    return found


def sent(account, amount="-15000", at=SENT_AT):
    return Flow.objects.record(account=account, at=at, amount=Decimal(amount))[0]


def statuses(snapshots):
    for snapshot in snapshots:
        snapshot.refresh_from_db()
    return [snapshot.status for snapshot in snapshots]


def test_what_was_sent_away_explains_the_suspects_since(suspects):
    account = suspects[0].account
    sent(account)

    explained = judge_again(account, SENT_AT, now=NOW)

    assert (explained, statuses(suspects)) == (suspects, ["accepted"] * 2)
    review = suspects[0].reviews.get()
    assert (review.verdict, review.reviewer, review.at) == ("explained", None, NOW)
    assert "flows known now" in review.reason
    assert suspects[0].revisions.get().status == "suspect"
    assert judge_again(account, SENT_AT, now=NOW) == []


@pytest.mark.parametrize(
    "flow",
    [
        pytest.param({"amount": "-9000"}, id="too-little"),
        pytest.param({"amount": "15000"}, id="it-came"),
        pytest.param({"at": SCHEDULED_AT}, id="before"),
        pytest.param({"at": SCHEDULED_AT + timedelta(minutes=31)}, id="after"),
    ],
)
def test_what_explains_it_not_leaves_them(suspects, flow):
    sent(suspects[0].account, **flow)

    assert judge_again(suspects[0].account, SCHEDULED_AT, now=NOW) == []
    assert statuses(suspects) == ["suspect"] * 2


def test_what_flows_cannot_explain_takes_a_person(taken):
    account, script = taken
    doubted = take(account, script, statement(HALF, reliability="doubtful"), quarter=1).snapshot
    sent(account)

    assert judge_again(account, SENT_AT, now=NOW) == []
    assert statuses([doubted]) == ["suspect"]


def test_without_positions_of_before_nothing_is_accepted(suspects):
    account = suspects[0].account
    account.snapshots.get(slot_at=SCHEDULED_AT).positions.all().delete()
    sent(account)

    assert judge_again(account, SENT_AT, now=NOW) == []


def test_what_a_person_decided_stays(suspects, admin_user):
    account = suspects[0].account
    suspects[0].reject(by=admin_user, reason="Half of it.")
    sent(account)

    assert judge_again(account, SENT_AT, now=NOW) == suspects[1:]
    assert statuses(suspects) == ["failed", "accepted"]


def test_a_flow_that_is_entered_and_one_that_is_mended_explain_at_once(suspects, admin_client):
    account = suspects[0].account
    form = {
        "account": account.pk, "at_0": "2026-03-02", "at_1": SENT_AT.strftime("%H:%M:%S"),
        "amount": "-150", "currency": "USD", "kind": "cash",
    }  # fmt: skip

    admin_client.post(reverse("admin:snapshots_flow_add"), form)
    assert statuses(suspects) == ["suspect"] * 2
    change = reverse("admin:snapshots_flow_change", args=[Flow.objects.get().pk])
    page = admin_client.post(change, form | {"amount": "-15000"}, follow=True)

    assert statuses(suspects) == ["accepted"] * 2
    assert "2 suspect snapshot(s) are explained" in page.content.decode()


def test_a_flow_that_never_was_is_deleted_and_explains(taken, admin_client):
    account, script = taken
    wrong = sent(account, "15000")
    Flow.objects.update(kind="asset", ticker="SOL", quantity=Decimal(100))
    suspect = take(account, script, statement(), quarter=1).snapshot
    assert suspect.status == "suspect"  # 100 SOL came, and are not there

    address = reverse("admin:snapshots_flow_delete", args=[wrong.pk])
    admin_client.post(address, {"post": "yes"})

    assert statuses([suspect]) == ["accepted"]


def import_table(account, path, *rows):
    path.write_bytes(table(*rows))
    call_command("import_flows", path, account=account.pk, timezone="Europe/Zurich")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("Withdrawal,,,15000,USD,,,Ledger,,,02.03.2026 14:35:00", id="money"),
        pytest.param("Withdrawal,,,100,SOL,,,Ledger,,,02.03.2026 14:35:00", id="coins-of-no-value"),
        pytest.param("Spend,,,100,SOL,,,Ledger,,,02.03.2026 14:35:00", id="spent"),
        pytest.param("Trade,12000,EUR,100,SOL,,,Ledger,,,02.03.2026 14:35:00", id="for-elsewhere"),
    ],
)
def test_a_trade_table_that_is_imported_explains(suspects, tmp_path, capsys, row):
    import_table(suspects[0].account, tmp_path / "trades.csv", row)

    assert "explains 2 suspect snapshot(s)" in capsys.readouterr().out
    assert statuses(suspects) == ["accepted"] * 2
    assert "flows and trades known now" in suspects[0].reviews.get().reason


def test_a_trade_explains_nothing_of_another_time_or_coin(suspects, tmp_path):
    trades = (
        "Spend,,,100,SOL,,,Ledger,,,02.03.2026 14:30:00",
        "Spend,,,1,BTC,,,Ledger,,,02.03.2026 14:35:00",
        "Trade,100,SOL,12000,EUR,,,Ledger,,,02.03.2026 14:36:00",
    )
    import_table(suspects[0].account, tmp_path / "trades.csv", *trades)

    assert statuses(suspects) == ["suspect"] * 2


def test_coins_that_were_entered_do_not_count_twice(taken, tmp_path):
    account, script = taken
    less = USUAL["Kraken"] | {"ETH": ("8", "3000")}  # and nobody knows why
    gone = {"Kraken": less, "Ledger": {}}
    suspect = take(account, script, statement(gone), quarter=1).snapshot
    coins = {"kind": "asset", "ticker": "SOL", "quantity": Decimal(-100)}
    Flow.objects.record(account=account, at=SENT_AT, amount=Decimal(-15_000), **coins)

    import_table(account, tmp_path / "t.csv", "Withdrawal,,,100,SOL,,,Ledger,,,02.03.2026 14:35:00")

    assert statuses([suspect]) == ["suspect"]


def test_accepting_one_lets_those_after_it_be_compared_with_it(suspects, admin_client):
    address = f"{reverse('admin:snapshots_snapshot_review')}?ids={suspects[0].pk}"
    form = {"verdict": "accept", "reason": "Sold on paper."}

    page = admin_client.post(address, form, follow=True)

    assert statuses(suspects) == ["accepted"] * 2
    assert "1 suspect snapshot(s) after it pass" in page.content.decode()
    assert suspects[1].reviews.get().verdict == "explained"
