"""When exchanges trade, from exchange-calendars, with what it has wrong set right."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

Instants = NDArray[np.datetime64]  # [us], UTC
Hours = tuple[tuple[time, time], ...]  # local, each stretch of a day
# The threads of a collection come all at once; and warnings are held back for a whole process.
_ASKING = Lock()
FIRST, LAST = date(1990, 1, 1), date(2039, 12, 31)  # no session is known outside
ASKED_UNTIL = date(2030, 12, 31)  # where the library knows that much
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exchange:
    """Who trades when.

    calendar     of exchange-calendars; empty = it has none, and holidays are not known
    usual        hours of a day that the calendar does not know
    corrections  days that it has wrong; no hours = closed
    """

    zone: str
    usual: Hours
    calendar: str = ""
    corrections: Mapping[date, Hours] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stretches:
    """All stretches of trading, oldest first; `days` has the date of the session of each."""

    days: NDArray[np.datetime64]
    starts: Instants
    ends: Instants


MORNING, LATE_MORNING = time(9), time(10)
# Source: github.com/gerrymanoim/exchange_calendars, issues 574 and 583; read 2026-11-21.
KOREA = Exchange(
    calendar="XKRX",
    zone="Asia/Seoul",
    usual=((MORNING, time(15, 30)),),
    corrections={
        date(2025, 11, 13): ((LATE_MORNING, time(16, 30)),),  # the day of the university entrance
        date(2026, 11, 19): ((LATE_MORNING, time(16, 30)),),  # exam: all begins an hour later
        date(2026, 6, 3): (),  # local elections
        date(2026, 7, 17): (),  # Constitution Day, a holiday again
    },
)
NEW_YORK = Exchange(calendar="XNYS", zone="America/New_York", usual=((time(9, 30), time(16)),))
SHANGHAI = Exchange(
    calendar="XSHG",
    zone="Asia/Shanghai",
    usual=((time(9, 30), time(11, 30)), (time(13), time(15))),
)
TOKYO = Exchange(
    calendar="XTKS",
    zone="Asia/Tokyo",
    usual=((MORNING, time(11, 30)), (time(12, 30), time(15, 30))),
)
HONG_KONG = Exchange(
    calendar="XHKG",
    zone="Asia/Hong_Kong",
    usual=((time(9, 30), time(12)), (time(13), time(16))),
)
VIETNAM = Exchange(zone="Asia/Ho_Chi_Minh", usual=((MORNING, time(11, 30)), (time(13), time(15))))
# Of venues whose trading ends, by the names that their markets have there.
EXCHANGES: Mapping[str, Mapping[str, Exchange]] = {
    "kis": {
        **dict.fromkeys(("KOSPI", "KOSDAQ", "KONEX"), KOREA),
        **dict.fromkeys(("NAS", "NYS", "AMS"), NEW_YORK),
        **dict.fromkeys(("SHS", "SHI", "SZS", "SZI"), SHANGHAI),  # Shenzhen rests with Shanghai
        "TSE": TOKYO,
        "HKS": HONG_KONG,
        **dict.fromkeys(("HNX", "HSX"), VIETNAM),
    }
}


def read_stretches(exchange: Exchange) -> Stretches:
    """Return when the exchange trades. Monday to Friday where its calendar knows nothing."""
    if not exchange.calendar:
        return _usual(exchange, FIRST, LAST)
    known = _as_stretches(_kept(exchange.calendar))
    first, last = (day.item() for day in known.days[[0, -1]])
    parts = [
        _usual(exchange, FIRST, first - A_DAY),
        _without(known, exchange.corrections),
        _usual(exchange, last + A_DAY, LAST),
        *(_on([day], hours, exchange.zone) for day, hours in exchange.corrections.items()),
    ]
    return _joined(parts)


def _usual(exchange: Exchange, first: date, last: date) -> Stretches:
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return _on([day for day in days if day.weekday() < 5], exchange.usual, exchange.zone)


def _on(days: Iterable[date], hours: Hours, zone: str) -> Stretches:
    local = ZoneInfo(zone)

    def instant(day: date, at: time) -> datetime:
        return datetime.combine(day, at, local).astimezone(UTC).replace(tzinfo=None)

    rows = [
        (day, instant(day, opens), instant(day, closes)) for day in days for opens, closes in hours
    ]
    return Stretches(
        np.array([day for day, _, _ in rows], "datetime64[D]"),
        np.array([starts for _, starts, _ in rows], "datetime64[us]"),
        np.array([ends for _, _, ends in rows], "datetime64[us]"),
    )


def _as_stretches(rows: NDArray[np.int64]) -> Stretches:
    """Return the stretches of sessions as `_asked` writes them."""
    has_break = rows[:, 2] > 0
    whole, parted = rows[~has_break], rows[has_break]
    joined = np.concatenate([whole[:, [0, 1, 4]], parted[:, [0, 1, 2]], parted[:, [0, 3, 4]]])
    return _joined(
        [
            Stretches(
                joined[:, 0].astype("datetime64[D]"),
                joined[:, 1].astype("datetime64[s]").astype("datetime64[us]"),
                joined[:, 2].astype("datetime64[s]").astype("datetime64[us]"),
            )
        ]
    )


def _without(known: Stretches, days: Iterable[date]) -> Stretches:
    stays = ~np.isin(known.days, np.array([*days], "datetime64[D]"))
    return Stretches(known.days[stays], known.starts[stays], known.ends[stays])


def _joined(parts: Sequence[Stretches]) -> Stretches:
    starts = np.concatenate([part.starts for part in parts])
    order = np.argsort(starts)
    return Stretches(
        np.concatenate([part.days for part in parts])[order],
        starts[order],
        np.concatenate([part.ends for part in parts])[order],
    )


def _kept(calendar: str) -> NDArray[np.int64]:
    """Return what the library says. It brings pandas, a second and 100 MB: so it is asked once."""
    name = f"{calendar}-{version('exchange-calendars')}.npy"
    path = Path(settings.DATA_DIR) / "sessions" / name
    with _ASKING:
        if path.exists():
            return np.load(path)  # type: ignore[no-any-return]
        rows = _asked(calendar)
        path.parent.mkdir(parents=True, exist_ok=True)
        own = path.with_suffix(f".{os.getpid()}.npy")
        np.save(own, rows)
        own.replace(path)  # whoever reads meanwhile sees all of it or nothing
    return rows


def _asked(calendar: str) -> NDArray[np.int64]:
    """Return for each session its day, and in seconds when it opens, breaks, goes on, closes."""
    with warnings.catch_warnings():  # of what pandas is about to drop
        warnings.simplefilter("ignore")
        kind = type(import_module("exchange_calendars").get_calendar(calendar))
        first, last = kind.bound_min(), kind.bound_max()
        start = max(FIRST, first.date()) if first is not None else FIRST
        end = min(ASKED_UNTIL, last.date()) if last is not None else ASKED_UNTIL
        table = kind(start=start.isoformat(), end=end.isoformat()).schedule
    # The last day is left out: the library gives it the hours of the next one in Seoul.
    columns = ("open", "break_start", "break_end", "close")
    days = table.index.to_numpy("datetime64[D]").astype(np.int64)
    rows = [days, *(_seconds(table[column]) for column in columns)]
    return np.stack(rows, axis=1)[:-1]


def _seconds(column: Any) -> NDArray[np.int64]:
    """Return the seconds since 1970; 0 where there is no time."""
    naive = column.dt.tz_localize(None).to_numpy("datetime64[s]")
    return np.where(np.isnat(naive), 0, naive.astype(np.int64))
