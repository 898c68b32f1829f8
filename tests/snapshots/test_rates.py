from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from snapshots.sources.base import InvalidSettings
from snapshots.valuing.rates import UsdRate, find_manual_rate

GIVEN = {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}


def test_rate_has_its_date_and_source():
    assert find_manual_rate({"usd_rate": GIVEN}) == UsdRate(
        rate=Decimal("1.0823"), at=datetime(2026, 3, 2, tzinfo=UTC), source="ECB"
    )


def test_rate_as_a_json_number_keeps_its_digits():
    rate = find_manual_rate({"usd_rate": GIVEN | {"rate": 1.0823}})

    assert rate is not None
    assert rate.rate == Decimal("1.0823")


def test_rate_at_an_instant_is_kept_in_utc():
    rate = find_manual_rate({"usd_rate": GIVEN | {"at": "2026-03-02T16:00:00+01:00"}})

    assert rate is not None
    assert rate.at == datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_settings_without_a_rate_have_none():
    assert find_manual_rate({"path": "a.csv"}) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("1.08", "is no object", id="number-alone"),
        pytest.param(GIVEN | {"rate": "1,08"}, "'1,08' is not a number", id="decimal-comma"),
        pytest.param(GIVEN | {"rate": 0}, "is more than 0", id="zero"),
        pytest.param(GIVEN | {"rate": True}, "'True' is not a number", id="truth"),
        pytest.param(GIVEN | {"at": "2.3.2026"}, "needs 'at'", id="local-date"),
        pytest.param(GIVEN | {"at": "2026-03-02T16:00"}, "without an offset", id="local-time"),
        pytest.param({"rate": 1, "at": "2026-03-02"}, "needs a 'source'", id="no-source"),
        pytest.param(GIVEN | {"source": "x" * 101}, "needs a 'source'", id="long-source"),
    ],
)
def test_rate_that_cannot_be_read_says_how_to_write_it(given, message):
    with pytest.raises(InvalidSettings, match=message):
        find_manual_rate({"usd_rate": given})
