from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from snapshots.performance.periods import Flowed, Period, Point, find_baseline, period_pnl

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)  # a Thursday


def end(day: date, value: int = 100, **values) -> Point:
    at = datetime(day.year, day.month, day.day, 22, 59, tzinfo=UTC)
    return Point(at=at, business_date=day, value=Decimal(value), **values)


def quarter(at: datetime, value: int = 100, **values) -> Point:
    return Point(at=at, business_date=at.date(), value=Decimal(value), **values)


ENDS = [
    end(day)
    for day in (
        date(2025, 11, 3), date(2025, 12, 30), date(2026, 2, 27), date(2026, 3, 1),
        date(2026, 3, 3),
    )
]  # fmt: skip
QUARTERS = [quarter(NOW - timedelta(hours=n)) for n in (30, 6, 5, 1)]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(Period.TODAY, ENDS[4], id="today-against-the-last-end-of-a-day"),
        pytest.param(Period.SESSION, QUARTERS[1], id="session-against-the-first-of-the-day"),
        pytest.param(Period.INTERVAL, QUARTERS[3], id="interval-against-the-one-before"),
        pytest.param(Period.WEEK, ENDS[3], id="week-against-the-end-of-sunday"),
        pytest.param(Period.MONTH, ENDS[2], id="month-against-the-end-of-february"),
        pytest.param(Period.YEAR, ENDS[1], id="year-against-the-last-end-of-the-old-year"),
        pytest.param(Period.INCEPTION, ENDS[0], id="inception-against-the-first"),
    ],
)
def test_baseline(period, expected):
    assert find_baseline(period, quarter(NOW), ends=ENDS, quarters=QUARTERS) == expected


def test_end_of_the_day_is_compared_with_the_day_before():
    now = end(date(2026, 3, 3))

    assert find_baseline(Period.TODAY, now, ends=ENDS, quarters=[]) == ENDS[3]


def test_what_is_carried_is_no_baseline():
    carried = [*ENDS, end(date(2026, 3, 4), is_accepted=False)]

    assert find_baseline(Period.TODAY, quarter(NOW), ends=carried, quarters=[]) == ENDS[4]


def test_interval_reaches_over_the_night():
    assert find_baseline(Period.INTERVAL, quarter(NOW), ends=ENDS, quarters=[]) == ENDS[4]


@pytest.mark.parametrize("period", Period)
def test_without_a_baseline_says_why(period):
    now = quarter(NOW)
    baseline = find_baseline(period, now, ends=[], quarters=[])

    pnl = period_pnl(period, now, baseline, ends=[], flows=[])

    assert (pnl.amount, pnl.ratio) == (None, None)
    assert "nothing to compare with" in pnl.reason


def test_unknown_flows_make_it_a_value_change_without_a_percentage():
    pnl = period_pnl(
        Period.TODAY, quarter(NOW, 150), ENDS[4], ends=ENDS, flows=[], flows_known=False
    )

    assert (pnl.label, pnl.amount, pnl.ratio) == ("Value change", 50, None)
    assert "Flows are not known" in pnl.reason


def test_days_of_a_period_are_chained_with_their_own_flows():
    ends = [end(date(2026, 3, 1), 100), end(date(2026, 3, 2), 110), end(date(2026, 3, 3), 220)]
    flows = [Flowed(at=ends[2].at, amount=Decimal(90))]
    now = quarter(NOW, 198)

    pnl = period_pnl(Period.WEEK, now, ends[0], ends=ends, flows=flows)

    # +10 %, then 220 of 110 and 90, +10 %, then -10 %
    assert pnl.ratio == Decimal("1.1") * Decimal("1.1") * Decimal("0.9") - 1
    assert (pnl.amount, pnl.flow) == (8, 90)


def test_end_of_a_day_of_which_a_part_is_older_than_the_baseline_is_no_step():
    night, baseline_at = NOW - timedelta(hours=8), NOW - timedelta(hours=6)
    baseline = quarter(baseline_at, 100, taken={1: baseline_at, 2: night})
    late = NOW - timedelta(hours=5)  # the end of the day of the second, and of the first long ago
    between = Point(at=late, business_date=NOW.date(), value=Decimal(90), taken={1: night, 2: late})
    flows = [
        Flowed(at=NOW - timedelta(hours=hours), amount=Decimal(10), account=1) for hours in (7, 4)
    ]

    pnl = period_pnl(Period.SESSION, quarter(NOW, 121), baseline, ends=[between], flows=flows)

    assert (pnl.amount, pnl.ratio) == (11, Decimal("0.1"))


def test_percentage_is_missing_where_nothing_could_earn():
    pnl = period_pnl(Period.TODAY, quarter(NOW, 5), end(date(2026, 3, 4), 0), ends=[], flows=[])

    assert (pnl.amount, pnl.ratio) == (5, None)
    assert "nothing was there" in pnl.reason
