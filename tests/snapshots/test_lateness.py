from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from snapshots.lateness import patience_with, weekdays_between
from snapshots.sources.base import InvalidSettings

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        pytest.param("2026-03-06T22:00", "2026-03-09T07:00", 9, id="friday-night-to-monday"),
        pytest.param("2026-03-07T12:00", "2026-03-08T12:00", 0, id="within-a-weekend"),
        pytest.param("2026-03-08T12:00", "2026-03-23T00:00", 240, id="sunday-to-sunday-after-next"),
        pytest.param("2026-03-27T23:00", "2026-03-30T01:00", 2, id="clock-changed-on-sunday"),
        pytest.param("2026-03-04T12:00", "2026-03-03T12:00", 0, id="data-of-tomorrow"),
    ],
)
def test_weekends_do_not_count(since, until, hours):
    instants = [datetime.fromisoformat(text).replace(tzinfo=ZURICH) for text in (since, until)]

    assert weekdays_between(*instants, ZURICH) == timedelta(hours=hours)


def test_own_settings_go_before_those_of_the_source():
    own = {"stale_after_hours": 48, "rests_at_weekends": False}

    assert patience_with("saxo", {}, ZURICH).zone == ZURICH
    assert patience_with("upbit", {}, ZURICH).limit == timedelta(hours=24)
    assert patience_with("saxo", own, ZURICH).zone is None
    assert patience_with("saxo", own, ZURICH).limit == timedelta(hours=48)


@pytest.mark.parametrize(
    "wrong",
    [{"stale_after_hours": "48"}, {"stale_after_hours": True}, {"stale_after_hours": 0},
     {"stale_after_hours": float("nan")}, {"rests_at_weekends": 1}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(wrong):
    with pytest.raises(InvalidSettings, match=next(iter(wrong))):
        patience_with("saxo", wrong, ZURICH)
