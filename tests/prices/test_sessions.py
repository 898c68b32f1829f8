"""When markets trade, by the calendars of their exchanges."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from prices import exchanges, sessions
from prices.sessions import Sessions, sessions_at

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def kospi() -> Sessions:
    return sessions_at("kis", "KOSPI")


def days(sessions: Sessions, since: str, until: str) -> list[str]:
    return [str(day)[:10] for day in sessions.openings("1d", at(since), at(until))]


def test_a_day_without_a_session_has_no_candle(kospi: Sessions):
    # 2026-03-01 is a holiday, and a Sunday; the Monday is off instead.
    assert days(kospi, "2026-02-26", "2026-03-05") == [
        "2026-02-26", "2026-02-27", "2026-03-03", "2026-03-04"
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["2026-06-03", "2026-07-17"])
def test_holidays_that_the_library_does_not_know_are_none(kospi: Sessions, day: str):
    assert days(kospi, day, f"{day}T23:59") == []


def test_trading_begins_an_hour_later_on_the_day_of_the_exam(kospi: Sessions):
    since, until = at("2026-11-19"), at("2026-11-20")

    assert kospi.openings("1h", since, until)[0] == np.datetime64("2026-11-19T01:00")
    assert kospi.ends_at("1d", since) == at("2026-11-19T07:30")


def test_candles_of_a_session_open_at_whole_intervals():
    new_york = sessions_at("kis", "NAS")  # 09:30 to 16:00

    hours = new_york.openings("1h", at("2026-03-02"), at("2026-03-03"))

    assert [str(hour)[11:16] for hour in hours] == [
        "14:00", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00"
    ]  # fmt: skip
    assert len(new_york.openings("1m", at("2026-03-02"), at("2026-03-03"))) == 390


def test_a_window_may_begin_and_end_within_a_session(kospi: Sessions):
    minutes = kospi.openings("15m", at("2026-03-03T00:20"), at("2026-03-03T01:00"))

    assert [str(minute)[11:16] for minute in minutes] == ["00:30", "00:45"]


def test_nothing_opens_in_a_break_at_noon():
    hong_kong = sessions_at("kis", "HKS")  # 09:30 to 12:00, 13:00 to 16:00

    minutes = hong_kong.openings("1m", at("2026-03-03T03:58"), at("2026-03-03T05:02"))

    assert [str(minute)[11:16] for minute in minutes] == ["03:58", "03:59", "05:00", "05:01"]


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        pytest.param("2026-03-06T06:30", "2026-03-09T00:00", 0, id="a-weekend"),
        pytest.param("2026-03-06T05:30", "2026-03-09T02:00", 3, id="across-a-weekend"),
        pytest.param("2026-03-04T01:00", "2026-03-04T02:30", 1.5, id="within-a-session"),
        pytest.param("2026-03-02", "2026-03-07", 4 * 6.5, id="a-week-with-a-holiday"),
        pytest.param("2026-03-04T02:00", "2026-03-04T01:00", 0, id="backwards"),
        pytest.param("1960-01-01", "1965-01-01", 0, id="before-anything-is-known"),
    ],
)
def test_only_trading_elapses(kospi: Sessions, since: str, until: str, hours: float):
    assert kospi.elapsed(at(since), at(until)) == hours * HOUR


def test_a_candle_of_a_day_is_over_when_its_session_closes(kospi: Sessions):
    today, tomorrow = at("2026-03-04"), at("2026-03-05")

    assert kospi.over_until("1d", at("2026-03-04T06:29")) == today
    assert kospi.over_until("1d", at("2026-03-04T06:30")) == tomorrow
    assert kospi.over_until("1d", at("2026-03-07T12:00")) == at("2026-03-07")
    assert kospi.over_until("1h", at("2026-03-04T06:29")) == at("2026-03-04T06:00")


def test_beyond_its_calendar_an_exchange_trades_from_monday_to_friday(kospi: Sessions):
    # 2038-01-01 is a Friday, and surely a holiday.
    assert days(kospi, "2038-01-01", "2038-01-05") == ["2038-01-01", "2038-01-04"]
    assert kospi.elapsed(at("2038-01-01"), at("2038-01-05")) == 13 * HOUR
    assert kospi.ends_at("1d", at("2038-01-01")) == at("2038-01-01T06:30")


def test_vietnam_has_no_calendar_and_trades_from_monday_to_friday():
    hanoi = sessions_at("kis", "HNX")

    assert days(hanoi, "2026-02-13", "2026-02-17") == ["2026-02-13", "2026-02-16"]
    assert hanoi.length("1d") == 4.5 * HOUR


def test_crypto_never_closes():
    upbit = sessions_at("upbit", "KRW")

    assert upbit.never_closes
    assert upbit.elapsed(at("2026-03-07"), at("2026-03-09")) == 48 * HOUR
    assert upbit.over_until("1h", at("2026-03-07T12:59")) == at("2026-03-07T12:00")
    assert [str(one)[5:13] for one in upbit.openings(
        "4h", at("2026-03-07T01:00"), at("2026-03-07T12:00")
    )] == ["03-07T04", "03-07T08"]  # fmt: skip


def test_sessions_lie_within_their_date_in_utc():
    for exchange in {exchange for markets in exchanges.EXCHANGES.values()
                     for exchange in markets.values()}:  # fmt: skip
        stretches = exchanges.read_stretches(exchange)
        is_recent = stretches.days >= np.datetime64("1992-01-01")

        assert (stretches.starts.astype("datetime64[D]") == stretches.days)[is_recent].all()
        assert (stretches.ends.astype("datetime64[D]") == stretches.days)[is_recent].all()


def test_the_library_is_asked_once_for_all_processes(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path
    first = exchanges.read_stretches(exchanges.SHANGHAI)
    monkeypatch.setattr(exchanges, "_asked", lambda calendar: pytest.fail("asked again"))

    again = exchanges.read_stretches(exchanges.SHANGHAI)

    assert (first.starts == again.starts).all()


def test_threads_that_come_at_once_ask_the_library_once(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(sessions, "_TRADING", {})
    sessions_at.cache_clear()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda market: sessions_at("kis", market), ["SHS", "SHI"] * 8))

    assert len(found) == 1
    assert [path.suffix for path in (tmp_path / "sessions").iterdir()] == [".npy"]
