from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from snapshots.exceptions import ReviewRefused
from snapshots.models import Snapshot, SnapshotReview
from snapshots.sources.base import Position, SourceUnavailable
from snapshots.valuing.valuation import MissingRate
from tests.snapshots.factories import SCHEDULED_AT
from tests.snapshots.scripted import (
    TOTAL,
    USUAL,
    make_scripted,
    scripted_sources,
    statement,
    take,
)

pytestmark = pytest.mark.django_db
HALF = {"Kraken": USUAL["Kraken"]}


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


@pytest.fixture
def taken():
    account, script = make_scripted()
    take(account, script, statement())
    return account, script


def suspect_of(account, script, quarter=1):
    snapshot = take(account, script, statement(HALF), quarter=quarter).snapshot
    assert snapshot.status == "suspect", snapshot.why
    return snapshot


def test_suspect_is_no_part_of_what_counts(taken):
    suspect = suspect_of(*taken)

    assert suspect not in Snapshot.objects.counted()
    assert {reason["guard"] for reason in suspect.reasons} == {"G2", "G3"}


def test_dust_that_is_not_kept_explains_nothing():
    account, script = make_scripted()
    dust = {f"DUST{number}": ("1", "1000") for number in range(3)}
    take(account, script, statement({**USUAL, "Mine": dust}), min_usd="2000")
    less = {**USUAL, "Kraken": USUAL["Kraken"] | {"ETH": ("9", "3000")}, "Mine": dust}

    snapshot = take(account, script, statement(less), quarter=1, min_usd="2000").snapshot

    assert snapshot.status == "suspect"
    assert "ETH" in snapshot.why


def test_accepting_says_who_when_and_why(taken, admin_user):
    suspect = suspect_of(*taken)

    suspect.accept(by=admin_user, reason=" Sold on paper. ", now=SCHEDULED_AT)

    review = SnapshotReview.objects.get()
    assert (review.verdict, review.reason, review.at) == (
        "accepted",
        "Sold on paper.",
        SCHEDULED_AT,
    )
    assert (review.reviewer, review.reviewer_name) == (admin_user, "admin")
    assert (review.status_before, review.status_after) == ("suspect", "accepted")
    assert suspect in Snapshot.objects.counted()
    assert suspect.revisions.get().status == "suspect"


def test_rejecting_is_a_status_and_keeps_the_values(taken, admin_user):
    suspect = suspect_of(*taken)

    suspect.reject(by=admin_user, reason="Half of it.")

    suspect.refresh_from_db()
    assert (suspect.status, suspect.total_usd) == ("failed", 80_000)
    assert suspect.positions.count() == 2
    suspect.accept(by=admin_user, reason="It was right after all.")
    assert suspect.status == "accepted"


def test_no_run_replaces_what_somebody_decided(taken, admin_user):
    account, script = taken
    suspect_of(account, script).reject(by=admin_user, reason="Half of it.")

    again = take(account, script, statement(), quarter=1)

    assert (again.outcome, again.snapshot.status) == ("kept", "failed")


def test_editing_values_anew_with_the_rate_of_the_slot(admin_user):
    account, script = make_scripted(currency="CHF")
    account.settings |= {"usd_rate": {"rate": "1.25", "at": "2026-03-02", "source": "ECB"}}
    snapshot = take(account, script, statement(currency="CHF")).snapshot

    snapshot.edit(total_value=Decimal(100), by=admin_user, reason="Counted by hand.")

    snapshot.refresh_from_db()
    assert (snapshot.status, snapshot.total_value, snapshot.total_usd) == ("manual", 100, 125)
    assert (snapshot.total_reporting, snapshot.fx_rate) == (125, Decimal("1.25"))
    review = snapshot.reviews.get()
    assert (review.total_before, review.total_after) == (TOTAL, 100)
    assert snapshot.revisions.get().document["positions"][0]["amount"] == "1"
    assert snapshot in Snapshot.objects.counted()


def test_a_gap_can_be_filled_by_hand_with_a_rate(admin_user):
    account, script = make_scripted(currency="CHF")
    gap = take(account, script, SourceUnavailable("down")).snapshot

    with pytest.raises(MissingRate):
        gap.edit(total_value=Decimal(100), by=admin_user, reason="From a letter.")
    gap.edit(total_value=Decimal(100), fx_rate=Decimal("1.2"), by=admin_user, reason="A letter.")

    gap.refresh_from_db()
    assert (gap.status, gap.total_usd, gap.fx_source) == ("manual", 120, "manual")


@pytest.mark.parametrize(
    ("verb", "values", "message"),
    [
        ("accept", {"reason": "ok"}, "It is accepted"),
        ("reject", {"reason": "  "}, "Say why"),
        ("edit", {"reason": "x", "total_value": Decimal("NaN")}, "no value of a portfolio"),
        ("edit", {"reason": "x", "total_value": Decimal(1), "fx_rate": Decimal(0)}, "more than 0"),
    ],
)
def test_decisions_that_make_no_sense_are_refused(admin_user, verb, values, message):
    snapshot = take(*make_scripted(), statement()).snapshot

    with pytest.raises(ReviewRefused, match=message):
        getattr(snapshot, verb)(by=admin_user, **values)

    assert not SnapshotReview.objects.exists()


def test_a_worse_run_leaves_what_is_better_and_a_better_one_keeps_a_revision(taken):
    account, script = taken
    worse = take(account, script, statement(HALF))
    suspect = suspect_of(account, script)

    better = take(account, script, statement(), quarter=1)

    assert (worse.outcome, worse.snapshot.status) == ("kept", "accepted")
    assert (better.outcome, better.snapshot.pk) == ("replaced", suspect.pk)
    assert better.snapshot.status == "accepted"
    revision = better.snapshot.revisions.get()
    assert (revision.status, revision.total_usd) == ("suspect", 80_000)
    assert len(revision.document["positions"]) == 2


def test_a_suspect_is_asked_for_once_more_at_once(taken):
    account, script = taken
    script.asked = 0
    script.later = [statement(HALF, at=SCHEDULED_AT), statement(at=SCHEDULED_AT)]

    snapshot = take(account, script, statement(), quarter=1).snapshot

    assert (snapshot.status, snapshot.total_usd, script.asked) == ("accepted", TOTAL, 2)


def test_no_answer_when_asked_once_more_does_not_hide_a_suspect(taken):
    account, script = taken
    script.later = [statement(HALF, at=SCHEDULED_AT), SourceUnavailable("The budget is spent.")]

    snapshot = take(account, script, statement(), quarter=1).snapshot

    assert (snapshot.status, snapshot.total_usd) == ("suspect", 80_000)


def test_later_answers_overrule_no_person(taken, admin_user):
    suspect = suspect_of(*taken)
    suspect.reject(by=admin_user, reason="Half of it.")

    with pytest.raises(ReviewRefused, match="without a person only a suspect"):
        suspect.confirm("2 further complete answers agree.", now=SCHEDULED_AT)

    assert Snapshot.objects.get(pk=suspect.pk).status == "failed"


def test_two_further_answers_that_agree_confirm_a_suspect(taken):
    account, script = taken
    first = suspect_of(account, script, 1)
    second = suspect_of(account, script, 2)

    third = take(account, script, statement(HALF, factor="1.05"), quarter=3)

    assert (third.snapshot.status, third.confirmed) == ("accepted", 3)
    for snapshot in (first, second):
        snapshot.refresh_from_db()
        review = snapshot.reviews.get()
        assert (snapshot.status, review.verdict, review.reviewer) == ("accepted", "confirmed", None)
        assert snapshot.reviewed_at is None


def test_the_same_answer_again_confirms_nothing(taken):
    account, script = taken
    old = statement(HALF, at=SCHEDULED_AT.replace(minute=40))

    statuses = [
        take(account, script, old, quarter=quarter).snapshot.status for quarter in range(1, 6)
    ]

    assert statuses == ["suspect"] * 5


def test_a_price_that_leaps_about_is_not_confirmed(taken):
    account, script = taken
    for quarter, price in enumerate(("5000", "500", "5000"), start=1):
        kraken = USUAL["Kraken"] | {"BTC": ("0.9", price)}
        captured = take(account, script, statement({"Kraken": kraken}), quarter=quarter)

    assert (captured.snapshot.status, captured.confirmed) == ("suspect", 0)


def test_one_answer_in_several_slots_is_confirmed_in_each(taken):
    account, script = taken
    files = [statement(HALF, at=SCHEDULED_AT.replace(minute=32 + number)) for number in range(11)]

    for quarter, number in enumerate((0, 0, 5, 5, 10), start=1):
        last = take(account, script, files[number], quarter=quarter)

    assert last.confirmed == 5
    assert not Snapshot.objects.filter(status="suspect").exists()
    assert last.snapshot.reviews.get().reason == "2 further complete answers agree."


def test_answers_that_disagree_confirm_nothing(taken):
    account, script = taken
    other = {"Kraken": {"ETH": USUAL["Kraken"]["ETH"]}}

    for quarter, places in enumerate((HALF, other, HALF, other), start=1):
        snapshot = take(account, script, statement(places), quarter=quarter).snapshot
        assert snapshot.status == "suspect"


def test_after_an_edit_half_an_answer_is_still_suspect(taken, admin_user):
    account, script = taken
    edited = take(account, script, statement(), quarter=1).snapshot
    edited.edit(total_value=Decimal(95_500), by=admin_user, reason="Counted by hand.")

    half = take(account, script, statement(HALF), quarter=2).snapshot
    whole = take(account, script, statement(factor="0.75"), quarter=3).snapshot

    assert (half.status, whole.status) == ("suspect", "accepted")


def test_after_an_edit_what_was_said_is_believed(taken, admin_user):
    suspect = suspect_of(*taken)
    suspect.edit(total_value=Decimal(80_000), by=admin_user, reason="Sold on paper.")

    assert take(*taken, statement(HALF, factor="1.01"), quarter=2).snapshot.status == "accepted"


def test_an_edit_settles_no_price_that_is_missing(taken, admin_user):
    account, script = taken
    unpriced = Position(ticker="NEW", kind="coin", amount=Decimal(2), value=None, part="Ledger")
    with_it = statement()
    with_it = replace(with_it, positions=(*with_it.positions, unpriced))
    suspect = take(account, script, with_it, quarter=1).snapshot
    suspect.edit(total_value=Decimal(103_000), by=admin_user, reason="It is worth 8,000.")

    assert take(account, script, with_it, quarter=2).snapshot.status == "suspect"
