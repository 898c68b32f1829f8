"""The acceptance tests of snapshots, by the numbers of their list."""

from __future__ import annotations

import os
import time
import warnings
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from prices.models import Rate
from prices.sessions import sessions_of
from scheduling.context import Degraded
from scheduling.exceptions import TaskFailed
from snapshots.models import Account, Flow, Snapshot
from snapshots.performance.measures import measure
from snapshots.performance.returns import DayReturn
from snapshots.selectors.curve import read_quarters
from snapshots.selectors.scope import find_scope
from snapshots.slots import end_of_day, slot_of, slots_of_day
from snapshots.sources.base import InvalidStatement, SourceUnavailable
from snapshots.tasks import cleanup_snapshots, pnl_snapshot
from snapshots.upkeep.staleness import look
from tests.prices.factories import make_instrument
from tests.snapshots.curves import days, end, make_tracked, put
from tests.snapshots.curves import quarter as save_quarter
from tests.snapshots.factories import SCHEDULED_AT, Recorded, make_context
from tests.snapshots.scripted import (
    QUARTER,
    TOTAL,
    USUAL,
    make_scripted,
    scripted_sources,
    statement,
    take,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical

pytestmark = pytest.mark.django_db
HALF = {"Kraken": USUAL["Kraken"]}
DAY = timedelta(days=1)
FRIDAY = date(2024, 1, 5)


def ask(client, account, path, **query):
    """Return what the owner of an account gets."""
    client.force_login(account.owner)
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


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
    first, *_, last = read_quarters(find_scope(account.owner), since=snapshot.business_date)
    assert (first.value, last.value, last.at) == (TOTAL, None, SCHEDULED_AT)
    alerts = [look(make_context(scheduled_at=SCHEDULED_AT + n * QUARTER)) for n in (1, 5)]
    assert [len(one["changed"]) for one in alerts] == [1, 0]


def test_02_one_of_two_sources_fails_and_the_total_never_drops_by_it():
    first = make_scripted("One")
    second = make_scripted("Two", owner=first[0].owner)
    for account, script in (first, second):
        take(account, script, statement())

    for quarter in range(1, 6):
        take(*first, statement(), quarter=quarter)
        take(*second, SourceUnavailable("down"), quarter=quarter)

    curve = read_quarters(find_scope(first[0].owner), since=SCHEDULED_AT.date())
    carried = Snapshot.objects.filter(account=second[0], status="carried")
    assert [one.value for one in curve] == [2 * TOTAL] * 5 + [None]
    assert [one.is_carried for one in curve[:5]] == [False] + [True] * 4
    assert curve[5].missing == ("Two (scripted)",)
    assert {snapshot.as_of for snapshot in carried} == {SCHEDULED_AT}


def test_two_sources_in_two_currencies_with_a_rate_missing_for_an_hour():
    first = make_scripted("One")
    second = make_scripted("Two", owner=first[0].owner, currency="CHF")
    rate = Rate(
        base_currency="CHF", quote_currency="USD", kind="official", source="ECB",
        at=SCHEDULED_AT, rate=Decimal("1.25"),
    )  # fmt: skip

    for quarter in range(8):
        if quarter == 2:
            Rate.objects.all().delete()
        if quarter in (0, 6):
            rate.pk = None
            rate.save()
        factor = str(1 + Decimal(quarter) / 1000)
        take(*first, statement(factor=factor), quarter=quarter)
        take(*second, statement(factor=factor, currency="CHF"), quarter=quarter)

    curve = read_quarters(find_scope(first[0].owner), since=SCHEDULED_AT.date())
    kept = Decimal("1.001") * Decimal("1.25")  # of the last slot with a rate
    worth = [1 + Decimal(quarter) / 1000 for quarter in range(8)]
    expected = [TOTAL * one * Decimal("2.25") for one in worth]
    expected[2:6] = [TOTAL * (one + kept) for one in worth[2:6]]
    assert [one.value for one in curve] == expected
    assert [one.is_carried for one in curve] == [2 <= quarter < 6 for quarter in range(8)]


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


@pytest.mark.parametrize(
    ("flow", "value", "amount", "ratio"),
    [
        pytest.param("50000", "151000", "1000.00", 0.006667, id="A"),
        pytest.param("-99000", "1200", "200.00", 0.002, id="B"),
    ],
)
def test_04_deposits_and_withdrawals_of_vectors_a_and_b(client, flow, value, amount, ratio):
    account = make_tracked()
    days(account, ["100000", value])
    Flow.objects.record(account=account, at=SCHEDULED_AT + DAY, amount=Decimal(flow))

    (pnl,) = ask(client, account, "/api/pnl", period="today")

    assert (pnl["label"], pnl["amount"]) == ("P&L", amount)
    assert pnl["ratio"] == pytest.approx(ratio, abs=5e-7)
    assert pnl["baseline"]["business_date"] == "2026-03-02"


def test_04_money_weighted_return_of_vector_c(client):
    account = make_tracked()
    end(account, date(2025, 1, 1), 100_000)
    end(account, date(2026, 1, 1), 160_000)
    at = datetime(2025, 7, 1, 12, tzinfo=UTC)
    Flow.objects.record(account=account, at=at, amount=Decimal(50_000))

    found = ask(client, account, "/portfolio/metrics")["money_weighted"]

    assert found["value"] == pytest.approx(0.0801774, abs=5e-8)


def test_04_split_of_vector_d(client):
    account = make_tracked()
    for n, (price, rate) in enumerate(((1000, "0.90"), (1030, "0.88"))):
        snapshot = end(
            account, SCHEDULED_AT.date() + n * DAY, price, reporting_currency="CHF",
            total_reporting=price * Decimal(rate), reporting_rate=Decimal(rate),
            reporting_at=SCHEDULED_AT, reporting_source="ECB",
        )  # fmt: skip
        put(snapshot, "X", 10, price, native_currency="USD", native_price=Decimal(price) / 10)

    split = ask(client, account, "/api/portfolio/explain", currency="CHF")["split"]

    assert split == {
        "price": "27.00", "fx": "-20.00", "cross": "-0.60", "flow": "0.00",
        "unexplained": "0.00", "total": "6.40",
    }  # fmt: skip


def test_04_transfer_between_own_accounts_is_no_pnl_and_unknown_flows_change_the_label(client):
    account = make_tracked()
    other = make_tracked(account.owner, name="Other")
    for one, values, amount in ((account, [100, 60], -40), (other, [10, 50], 40)):
        days(one, values)
        at = SCHEDULED_AT + DAY
        Flow.objects.record(account=one, at=at, amount=Decimal(amount), is_internal=True)

    (known,) = ask(client, account, "/api/pnl", period="today")
    Account.objects.filter(pk=other.pk).update(flows_known_since=None)
    (unknown,) = ask(client, account, "/api/pnl", period="today")

    assert [known[name] for name in ("label", "amount", "ratio")] == ["P&L", "0.00", 0]
    assert [unknown[name] for name in ("label", "amount", "ratio")] == [
        "Value change", "0.00", None,
    ]  # fmt: skip


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

    sessions = sessions_of(make_instrument())

    for day, ends_at, hours in (
        (date(2026, 3, 29), "21:59", 23), (date(2026, 10, 25), "22:59", 25),
    ):  # fmt: skip
        *quarters, end_slot = slots_of_day(day, account.zone)
        assert (len(quarters), f"{end_slot.slot_at:%H:%M}") == (68, ends_at)
        assert {slot_of(one.slot_at, is_eod=False, zone=account.zone) for one in quarters} == set(
            quarters
        )
        starts_at = end_of_day(day - DAY, account.zone) + timedelta(minutes=1)
        candles = sessions.openings("1h", starts_at, end_slot.stands_for_at)
        assert len(candles) == hours
    monkeypatch.undo()
    time.tzset()


def test_07_another_min_usd_changes_no_total_and_no_pnl(client):
    account, script = make_scripted()
    dust = USUAL | {"Dust": {"PEPE": ("1000", "0.05"), "LUNC": ("3", "0.1")}}

    first = take(account, script, statement(dust), min_usd="1").snapshot
    second = take(account, script, statement(dust), quarter=1, min_usd="100").snapshot

    assert first.total_usd == second.total_usd == TOTAL + Decimal("50.3")
    assert (first.position_count, second.position_count) == (4, 3)
    assert second.status == "accepted"
    assert (second.dust_count, second.dust_value_usd) == (2, Decimal("50.3"))
    (pnl,) = ask(client, account, "/api/pnl", period="interval")
    assert pnl["amount"] == "0.00"
    assert ask(client, account, "/api/portfolio/explain", period="interval")[
        "split"
    ] == dict.fromkeys(("price", "fx", "cross", "flow", "unexplained", "total"), "0.00")


def trading_days(ratios):
    """Return returns from Monday to Friday, that of Monday over the weekend."""
    returns, day = [], FRIDAY
    for n, ratio in enumerate(ratios):
        days_since = 1 if n % 5 else 3
        day += days_since * DAY
        one = DayReturn(day=day, days=days_since, ratio=Decimal(str(ratio)), gain=Decimal(0))
        returns.append(one)
    return returns


def test_12_measures_are_what_empyrical_says_of_500_trading_days():
    ratios = np.random.default_rng(12).normal(0.0004, 0.01, 500).round(6)
    returns = trading_days(ratios)

    ours = measure(returns, started_on=FRIDAY)

    fall, total = empyrical.max_drawdown(ratios), empyrical.cum_returns_final(ratios)
    # By the calendar, where empyrical counts returns.
    yearly = (1 + total) ** (365.25 / (returns[-1].day - FRIDAY).days) - 1
    expected = {
        "total": total,
        "annualised": yearly,
        "volatility": empyrical.annual_volatility(ratios),  # 252 days
        "sharpe": empyrical.sharpe_ratio(ratios),
        "sortino": empyrical.sortino_ratio(ratios),
        "calmar": yearly / -fall,
        "value_at_risk": empyrical.value_at_risk(ratios),
        "conditional_value_at_risk": empyrical.conditional_value_at_risk(ratios),
        "hit_rate": (ratios > 0).sum() / (ratios != 0).sum(),
    }
    assert (ours.days, ours.days_a_year) == (500, 252)
    found = {name: getattr(ours, name).value for name in expected}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert ours.drawdown.depth == pytest.approx(fall, abs=1e-9)
    assert (ours.best.value, ours.worst.value) == (ratios.max(), ratios.min())


def test_15_dry_run_of_the_clean_up_never_lists_ends_of_days_baselines_or_suspects():
    account = make_tracked()
    long_ago = SCHEDULED_AT - 800 * DAY
    kept = [
        end(account, long_ago.date(), 100),
        save_quarter(account, long_ago - QUARTER, 100),  # the account joined with it
        save_quarter(account, long_ago, 100, status="suspect"),
        save_quarter(account, SCHEDULED_AT, 100),  # the next interval is counted from it
    ]
    old = [save_quarter(account, long_ago + n * QUARTER, 100) for n in range(1, 4)]
    recorded = Recorded()
    context = make_context(scheduled_at=SCHEDULED_AT + DAY, recorded=recorded)

    result = cleanup_snapshots(context, dry_run=True)

    assert result["would_delete"]["snapshots"] == len(old)
    lines = recorded.artifacts["would_delete.csv"].decode().splitlines()[1:]
    assert len(lines) == len(old)
    assert not any(f"{one.slot_at:%Y-%m-%dT%H:%M}" in line for one in kept for line in lines)
    assert Snapshot.objects.count() == len(kept + old)
