from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduling.pages.times import Moment, length, relative

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(), "0 ms"),
        (timedelta(milliseconds=245), "245 ms"),
        (timedelta(seconds=1.23), "1.2 s"),
        (timedelta(seconds=59.6), "1 min"),
        (timedelta(minutes=2, seconds=5), "2 min 5 s"),
        (timedelta(hours=1, minutes=3, seconds=9), "1 h 3 min"),
        (timedelta(days=2, hours=1), "2 d 1 h"),
    ],
)
def test_a_duration_in_words(duration, words):
    assert length(duration) == words


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(minutes=12, seconds=30), "in 12 min"),
        (timedelta(seconds=-5), "5 s ago"),
        (timedelta(hours=3, minutes=5), "in 3 h 5 min"),
        (timedelta(milliseconds=300), "now"),
    ],
)
def test_a_distance_from_now_in_words(distance, words):
    assert relative(distance) == words


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "Mon 2 Mar, 13:00"),
        (NOW + timedelta(seconds=7), "Mon 2 Mar, 13:00:07"),
        (NOW.replace(year=2027), "Tue 2 Mar 2027, 13:00"),
    ],
)
def test_a_moment_says_its_year_and_its_seconds_only_if_they_tell_something(at, text):
    assert Moment.of(at, "Europe/Zurich", NOW).text == text


def test_a_moment_in_an_unknown_zone_is_in_utc():
    moment = Moment.of(NOW, "Mars/Olympus", NOW)

    assert (moment.text, moment.zone) == ("Mon 2 Mar, 12:00", "UTC")
