from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from prices.models import Rate
from snapshots.valuing.conversion import find_rates

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _official():
    for base, quote, rate in (("CHF", "USD", "1.25"), ("EUR", "USD", "1.10")):
        Rate.objects.create(
            base_currency=base, quote_currency=quote, kind="official", source="ECB",
            at=NOW - DAY, rate=Decimal(rate),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("said_at", "expected"),
    [
        pytest.param(NOW - 6 * DAY, ("1.30", "bank"), id="this-week"),
        pytest.param(NOW - 8 * DAY, ("1.25", "ECB"), id="older-than-a-week"),
    ],
)
def test_a_rate_in_the_settings_comes_first_for_a_week(said_at, expected):
    given = {"usd_rate": {"rate": "1.30", "at": said_at.isoformat(), "source": "bank"}}

    found = find_rates("CHF", "USD", given, at=NOW).to_usd

    assert (str(found.rate)[:4], found.source) == expected


def test_an_old_rate_in_the_settings_stands_where_there_is_no_official_one():
    given = {"usd_rate": {"rate": "0.05", "at": "2025-01-01", "source": "bank"}}

    assert find_rates("MXN", "USD", given, at=NOW).to_usd.rate == Decimal("0.05")
    assert find_rates("MXN", "USD", {}, at=NOW) is None  # and it is never 1


def test_other_reporting_currencies_go_by_way_of_usd_as_old_as_the_older_rate():
    Rate.objects.filter(base_currency="EUR").update(at=NOW - 3 * DAY)

    found = find_rates("CHF", "EUR", {}, at=NOW)

    assert round(found.to_reporting.rate, 10) == round(Decimal("1.25") / Decimal("1.10"), 10)
    assert found.to_reporting.at == NOW - 3 * DAY
    assert found.to_usd.rate == Decimal("1.25")
    assert find_rates("CHF", "JPY", {}, at=NOW) is None
    assert find_rates("CHF", "EUR", {}, at=NOW + 9 * DAY) is None  # too old to be true
