"""Triggers in plain words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import TriggerSpec, describe

MORNING = datetime(2025, 10, 2, 6, 30, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("*/15 7-23 * * *", "Every 15 minutes, between 07:00 and 23:59"),
        ("59 23 * * *", "At 23:59"),
        ("0 8 * * 0", "At 08:00, only on Sunday"),
        ("0 8 * * 7", "At 08:00, only on Sunday"),
        ("0 8 * * 1-5", "At 08:00, Monday through Friday"),
        ("0 8 * * 6,0", "At 08:00, only on Saturday and Sunday"),
        ("0 8 * * mon-sun", "At 08:00"),
        ("0 8 * * 5/2", "At 08:00, only on Friday and Sunday"),
        ("* * * * *", "Every minute"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("30 0 8 * * *", "At 08:00:30"),
        ("@hourly", "Every hour"),
        ("0 */2 * * *", "Every 2 hours"),
        ("0 */5 * * *", "At 00:00, 05:00, 10:00, 15:00 and 20:00"),
        ("*/40 * * * *", "At 0 and 40 minutes past the hour"),
        ("*/7 * * * *", "Every 7 minutes, minutes 0 through 56 past the hour"),
        ("30 6,18 * * *", "At 06:30 and 18:30"),
        ("0 12 1,15 * *", "At 12:00, on day 1 and 15 of the month"),
        ("0 0 1-7 6-8 *", "At 00:00, between day 1 and 7 of the month, June through August"),
        ("0 0 */2 * *", "At 00:00, every 2nd day of the month from day 1 to 31"),
        ("@yearly", "At 00:00, on day 1 of the month, only in January"),
        ("0 0 13 * 5", "At 00:00, on day 13 of the month or on Friday"),
        ("0 0 1-31 * 1", "At 00:00"),
        ("day=13 day_of_week=fri", "At 00:00, on day 13 of the month, but only if that is Friday"),
        ("30 17 last * *", "At 17:30, on the last day of the month"),
        ("0 9 LW * *", "At 09:00, on the last workday of the month"),
        ("0 9 2nd fri * *", "At 09:00, on the second Friday of the month"),
        ("0 9 * * 5#2", "At 09:00, on the second Friday of the month"),
        ("0 9 * * 1,5L", "At 09:00, on Monday and on the last Friday of the month"),
    ],
)
def test_cron(expression: str, words: str) -> None:
    described = describe(TriggerSpec("cron", expression, "Europe/Zurich"))

    assert described == f"{words}, Europe/Zurich time"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1s", "Every second"),
        ("15m", "Every 15 minutes"),
        ("1h30m", "Every 1 hour 30 minutes"),
        ("36h", "Every 1 day 12 hours"),
        ("24h", "Every day at 08:30, Europe/Zurich time"),
        ("3d", "Every 3 days at 08:30, Europe/Zurich time"),
        ("1w", "Every week on Thursday at 08:30, Europe/Zurich time"),
        ("14d", "Every 2 weeks on Thursday at 08:30, Europe/Zurich time"),
    ],
)
def test_interval(expression: str, words: str) -> None:
    spec = TriggerSpec("interval", expression, "Europe/Zurich", anchor_at=MORNING)

    assert describe(spec) == words


def test_date() -> None:
    spec = TriggerSpec("date", "2025-10-02T14:30", "Europe/Zurich")

    assert describe(spec) == "Once on 2 October 2025 at 14:30, Europe/Zurich time"


def test_bounds_and_jitter_are_told_in_local_time() -> None:
    spec = TriggerSpec(
        "cron", "0 9 * * *", "Asia/Seoul", MORNING, MORNING.replace(year=2026), jitter_seconds=1
    )

    assert describe(spec) == (
        "At 09:00, Asia/Seoul time, from 2 October 2025 at 15:30, "
        "until 2 October 2026 at 15:30, delayed by up to 1 second"
    )


def test_utc_is_called_utc() -> None:
    assert describe(TriggerSpec("cron", "@daily")) == "At 00:00, UTC"


def test_spec_that_cannot_be_read_has_no_words() -> None:
    with pytest.raises(InvalidTrigger):
        describe(TriggerSpec("cron", "nonsense"))
