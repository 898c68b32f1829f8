from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings

from snapshots.models import Snapshot
from snapshots.sources.base import BudgetSpent, Position, SourceUnavailable, Statement
from tests.snapshots.factories import SCHEDULED_AT
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
DOWN = SourceUnavailable("The source is down.")
HALF = {"Ledger": "502 Bad Gateway"}


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


def test_a_part_that_fails_is_carried_with_its_age():
    account, script = make_scripted()
    take(account, script, statement())

    snapshot = take(account, script, statement(failed=HALF, factor="1.1"), quarter=1).snapshot

    assert (snapshot.status, snapshot.is_complete) == ("carried", False)
    assert snapshot.total_usd == Decimal(80_000) * Decimal("1.1") + 15_000
    kraken, ledger = snapshot.parts.all()
    assert (kraken.is_ok, kraken.is_carried) == (True, False)
    assert (ledger.is_ok, ledger.error, ledger.value) == (False, "502 Bad Gateway", 15_000)
    assert (ledger.as_of, ledger.carried_from_at) == (SCHEDULED_AT, SCHEDULED_AT)
    assert snapshot.positions.get(ticker="SOL").is_carried
    assert snapshot.as_of == SCHEDULED_AT
    assert snapshot.quality == Decimal("0.8544")
    assert "Ledger: 502 Bad Gateway" in snapshot.why


def test_a_carried_part_keeps_its_age_from_slot_to_slot_up_to_the_limit():
    account, script = make_scripted()
    take(account, script, statement())

    found = [
        take(account, script, statement(failed=HALF), quarter=quarter).snapshot
        for quarter in range(1, 6)
    ]

    assert [snapshot.status for snapshot in found] == ["carried"] * 4 + ["failed"]
    assert {part.carried_from_at for part in found[3].parts.filter(is_ok=False)} == {SCHEDULED_AT}
    assert found[4].total_usd is None
    assert found[4].parts.get(name="Kraken").value == 80_000


def test_an_account_that_answers_nothing_is_carried_whole_and_says_why():
    account, script = make_scripted()
    take(account, script, statement())

    captured = take(account, script, DOWN, quarter=1)

    assert captured.error is DOWN
    assert captured.snapshot.status == "carried"
    assert captured.snapshot.total_usd == TOTAL
    assert captured.snapshot.quality == 0
    assert captured.snapshot.as_of == SCHEDULED_AT


def test_end_of_day_may_be_carried_for_a_day():
    account, script = make_scripted()
    take(account, script, statement())

    assert take(account, script, DOWN, is_eod=True).snapshot.status == "carried"
    assert take(account, script, DOWN, is_eod=True, quarter=96).snapshot.status == "failed"


def test_nothing_to_carry_is_a_gap_and_never_a_zero():
    account, script = make_scripted()

    failed = take(account, script, DOWN).snapshot
    missed = take(account, script, BudgetSpent("20 calls an hour are used up."), quarter=1).snapshot

    assert (failed.status, failed.total_usd, failed.why) == ("failed", None, str(DOWN))
    assert (missed.status, missed.total_usd) == ("missed", None)
    assert not Snapshot.objects.counted().exists()


def test_hidden_positions_of_a_carried_part_count_on():
    account, script = make_scripted()
    take(account, script, statement(), min_usd="40000")

    snapshot = take(account, script, DOWN, quarter=1, min_usd="40000").snapshot

    assert (snapshot.total_usd, snapshot.position_count, snapshot.dust_count) == (TOTAL, 1, 2)


def unpriced(at, *, worth=None):
    found = statement(at=at)
    coin = Position(ticker="NEW", kind="coin", amount=Decimal(2), value=worth, part="Ledger")
    return Statement(
        positions=(*found.positions, coin), parts=found.parts, currency="USD", as_of=at
    )


def test_a_position_without_a_price_has_its_last_one_until_that_is_too_old():
    account, script = make_scripted()
    take(account, script, unpriced(SCHEDULED_AT, worth=Decimal(8_000)))

    found = [
        take(account, script, unpriced(SCHEDULED_AT + quarter * QUARTER), quarter=quarter).snapshot
        for quarter in range(1, 6)
    ]

    assert [snapshot.status for snapshot in found] == ["carried"] * 4 + ["suspect"]
    position = found[3].positions.get(ticker="NEW")
    assert (position.price, position.priced_at) == (4_000, SCHEDULED_AT)
    assert found[3].total_usd == TOTAL + 8_000
    assert "Without a price: NEW" in found[4].why


def test_a_position_without_a_price_is_fine_once_somebody_accepted_it(admin_user):
    account, script = make_scripted()
    first = take(account, script, unpriced(SCHEDULED_AT)).snapshot
    first.accept(by=admin_user, reason="A token that nobody trades.")

    snapshot = take(account, script, unpriced(SCHEDULED_AT + QUARTER), quarter=1).snapshot

    assert (first.status, snapshot.status) == ("accepted", "accepted")
    assert snapshot.positions.get(ticker="NEW").value is None


def test_doubts_of_the_source_make_a_suspect():
    account, script = make_scripted()

    found = statement(reliability="doubtful", doubt="CurrencyConversionFailed")
    snapshot = take(account, script, found).snapshot

    assert snapshot.status == "suspect"
    assert "CurrencyConversionFailed" in snapshot.why


def test_a_missing_rate_carries_for_an_hour_and_then_leaves_a_gap():
    account, script = make_scripted(currency="CHF")
    rate = {"rate": "1.25", "at": "2026-03-02", "source": "ECB"}
    account.settings |= {"usd_rate": rate}
    first = take(account, script, statement(currency="CHF")).snapshot
    del account.settings["usd_rate"]

    found = [
        take(account, script, statement(currency="CHF"), quarter=quarter) for quarter in range(1, 6)
    ]

    assert (first.total_usd, first.fx_rate) == (TOTAL * Decimal("1.25"), Decimal("1.25"))
    assert [item.snapshot.status for item in found] == ["carried"] * 4 + ["failed"]
    assert found[3].snapshot.total_usd == first.total_usd
    assert "no rate to USD" in str(found[0].error)


def test_another_reporting_currency_has_its_own_rate_time_and_source():
    account, script = make_scripted(currency="CHF")
    account.settings |= {"usd_rate": {"rate": "1.25", "at": "2026-03-02", "source": "ECB"}}

    with override_settings(REPORTING_CURRENCY="CHF"):
        snapshot = take(account, script, statement(currency="CHF")).snapshot

    assert (snapshot.reporting_currency, snapshot.total_reporting) == ("CHF", TOTAL)
    assert snapshot.reporting_rate is None
    assert snapshot.total_usd == TOTAL * Decimal("1.25")


def test_an_empty_answer_is_not_taken_as_an_empty_account():
    account, script = make_scripted()
    take(account, script, statement())
    empty = statement({place: {} for place in USUAL})

    captured = take(account, script, empty, quarter=1)

    assert captured.snapshot.status == "carried"
    assert "lists no position" in str(captured.error)
    assert take(account, script, empty, quarter=9).snapshot.status == "failed"


def test_what_is_carried_in_part_is_not_replaced_by_what_is_carried_whole():
    account, script = make_scripted()
    take(account, script, statement())
    half = take(account, script, statement(failed=HALF), quarter=1).snapshot

    again = take(account, script, DOWN, quarter=1)

    assert (again.outcome, again.snapshot.pk) == ("kept", half.pk)
    assert again.snapshot.parts.get(name="Kraken").is_ok


def test_carried_values_are_never_older_than_the_limit_even_after_a_pause():
    account, script = make_scripted()
    take(account, script, statement())
    account.refresh_from_db()

    late = take(account, script, DOWN, quarter=5).snapshot

    assert late.slot_at - SCHEDULED_AT > timedelta(minutes=60)
    assert late.status == "failed"
