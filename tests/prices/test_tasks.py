from __future__ import annotations

import pytest

from scheduling.registry import registry
from scheduling.triggers import build_trigger

JOBS = {
    "collect_symbols": ("0 0 * * *", "Asia/Seoul", None, 0),
    "collect_price_data": ("2 0 * * *", "Asia/Seoul", None, 0),
    "ohlcv_daily": ("10 3 * * *", "Europe/Zurich", 300, 0),
    "ohlcv_hourly": ("5 * * * *", "Europe/Zurich", 120, 30),
    "collect_crypto_data": ("*/10 * * * *", "Europe/Zurich", None, 0),
    "repair_gaps": ("40 4 * * *", "Europe/Zurich", None, 0),
    "update_exchange_symbols": ("0 1 * * *", "Europe/Zurich", None, 0),
}


@pytest.mark.parametrize("key", JOBS)
def test_a_default_job_fires_when_it_should(key: str) -> None:
    expression, zone, timeout, jitter = JOBS[key]

    job = registry.default_jobs[key]

    spec = job.trigger
    assert (spec.kind, spec.expression, spec.timezone) == ("cron", expression, zone)
    assert (job.policy.get("timeout_seconds"), spec.jitter_seconds) == (timeout, jitter)
    build_trigger(spec)
    task = registry.get(job.task)
    assert task.parameters.validate(job.params) == job.params
    assert task.isolation == "process"


def test_a_job_without_an_exchange_starts_paused() -> None:
    reason = registry.default_jobs["update_exchange_symbols"].paused()

    assert reason == (
        "No exchange of ccxt is set. Name some in CCXT_EXCHANGES, then resume this job."
    )


@pytest.mark.parametrize(
    ("params", "flaw"),
    [
        ({"interval": "2h"}, "Input should be '1m', '5m'"),
        ({"days_back": 0}, "greater than or equal to 1"),
        ({"symbols": [""]}, "at least 1 character"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(params: dict[str, object], flaw: str) -> None:
    with pytest.raises(ValueError, match=flaw):
        registry.get("prices.collect_price_data").parameters.validate(params)
