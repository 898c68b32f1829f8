"""KIS (Korea Investment & Securities): what it lists, and daily candles, Korean and overseas.

Source: apiportal.koreainvestment.com and github.com/koreainvestment/open-trading-api, as others
quote them; read 2026-11-21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prices.venues.answers import shown
from prices.venues.base import (
    Abilities,
    CandlePage,
    CandleQuery,
    Gate,
    InvalidAnswer,
    LastPrice,
    ListedInstrument,
    ListIncomplete,
    NotOffered,
    UnknownInstrument,
    VenueCandle,
    floor_to,
)
from prices.venues.caller import Address, Caller, Chance
from prices.venues.kis_calls import GROUP, KisCalls, Login
from prices.venues.kis_master import FOREIGN, MARKETS, master_file, read_master
from prices.venues.kis_rows import KOREA, OVERSEAS, Columns, read_candles

A_DAY = timedelta(days=1)
PAGE = 100  # candles in an answer, at most
WINDOW = timedelta(days=140)  # as long as 100 days from Monday to Friday


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where daily candles come from.

    params       of a call, for an id and the first and last day wanted
    final_after  a candle changes no more so long after midnight UTC of its day
    has_start    it answers for no day before the first one wanted
    """

    path: str
    transaction: str
    params: Callable[[str, datetime, datetime], dict[str, str]]
    columns: Columns
    final_after: timedelta
    has_start: bool


def _korean(code: str, first: datetime, last: datetime) -> dict[str, str]:
    return {
        "FID_COND_MRKT_DIV_CODE": "J",  # the Korea Exchange alone
        "FID_INPUT_ISCD": code,
        "FID_INPUT_DATE_1": f"{first:%Y%m%d}",
        "FID_INPUT_DATE_2": f"{last:%Y%m%d}",
        "FID_PERIOD_DIV_CODE": "D",
        "FID_ORG_ADJ_PRC": "1",  # raw; elsewhere KIS means adjusted by it
    }


def _overseas(venue_id: str, first: datetime, last: datetime) -> dict[str, str]:
    return {
        "AUTH": "",
        "EXCD": venue_id[:3],
        "SYMB": venue_id[3:],
        "GUBN": "0",  # days
        "BYMD": f"{last:%Y%m%d}",
        "MODP": "0",  # raw
    }


AT_HOME = Endpoint(
    path="/uapi/domestic-stock/v1/quotations/inquire-daily-itemchartprice",
    transaction="FHKST03010100",
    params=_korean,
    columns=KOREA,
    final_after=timedelta(hours=9, minutes=10),  # 18:10 in Seoul, when after-hours trading is over
    has_start=True,
)
ABROAD = Endpoint(
    path="/uapi/overseas-price/v1/quotations/dailyprice",
    transaction="HHDFS76240000",
    params=_overseas,
    columns=OVERSEAS,
    final_after=timedelta(hours=28),  # 13:00 in Seoul, when KIS has put the day before right
    has_start=False,
)


class Kis:
    """KIS's list of instruments, for everybody, and its candles, for whoever has keys.

    markets  of which it lists the instruments
    """

    name = "kis"
    # It allows 20 to each app key, and less to some: KIS_CALLS_PER_SECOND.
    calls_per_second: Mapping[str, float] = {GROUP: 15.0, "files": 2.0}
    abilities = Abilities(
        intervals=frozenset({"1d"}),
        needs_keys=True,
        has_quote_volume=True,
        has_sessions=True,
        skips_quiet=False,
        has_last_prices=False,
        rows_per_call=PAGE,
    )

    def __init__(
        self,
        address: Address,
        files: Address,
        gate: Gate,
        *,
        login: Login | None,
        markets: Sequence[str] = MARKETS,
        chance: Chance | None = None,
    ) -> None:
        self._chance = chance or Chance()
        self._caller = Caller(self.name, address, gate, chance)
        self._files = Caller(self.name, files, gate, chance)
        self._calls = KisCalls(self._caller, login)
        self._markets = markets

    def close(self) -> None:
        self._caller.close()
        self._files.close()

    def list_instruments(self) -> tuple[ListedInstrument, ...]:
        """Return what all markets list; each has a file, which is read as a whole or not at all."""
        listed: list[ListedInstrument] = []
        faults: list[InvalidAnswer] = []
        for market in self._markets:
            try:
                listed += self._list(market)
            except InvalidAnswer as exc:
                faults.append(exc)
        if faults:
            raise ListIncomplete(" ".join(map(str, faults)), listed=tuple(listed))
        return tuple(listed)

    def _list(self, market: str) -> tuple[ListedInstrument, ...]:
        path = f"/{master_file(market)}"
        where = f"{self.name} {path}"

        def ask() -> bytes:
            answer = self._files.send("GET", path, where)
            self._files.refuse_the_rest(answer, where)
            return answer.body

        return read_master(self._files.in_turn("files", ask), market)

    def last_prices(self) -> tuple[LastPrice, ...]:
        raise NotOffered(f"{self.name} does not tell all last prices at once.")

    def calls_for(self, query: CandleQuery) -> int:
        return max(1, -(-(query.until - query.since) // WINDOW))

    def candles(self, query: CandleQuery) -> Iterator[CandlePage]:
        """Yield the pages of `query`, newest first.

        A window without a candle is before the first one, or one in which nobody could trade;
        when a second one, for the stretch before, is empty as well, so is all before.
        """
        if query.interval != "1d":
            raise NotOffered(f"{self.name} has no candles of {query.interval}, only of 1d.")
        self._calls.required_login()
        endpoint = ABROAD if is_overseas(query.venue_id) else AT_HOME
        until = min(query.until, _midnight_from(self._chance.now()))
        was_empty = False
        while until > query.since:
            asked_at = self._chance.now()
            since = max(query.since, until - WINDOW)
            final_until = floor_to(A_DAY, asked_at - endpoint.final_after) + A_DAY
            rows = self._rows(endpoint, query, since, until, final_until)
            if rows and (len(rows) >= PAGE or not endpoint.has_start):
                since = max(query.since, rows[-1].opened_at)
            elif not rows and was_empty:
                since = query.since
            was_empty = not rows
            yield CandlePage(
                since=since,
                until=max(since, min(until, final_until)),
                candles=tuple(row for row in reversed(rows) if row.opened_at >= since),
                asked_at=asked_at,
            )
            until = since

    def _rows(
        self,
        endpoint: Endpoint,
        query: CandleQuery,
        since: datetime,
        until: datetime,
        final_until: datetime,
    ) -> list[VenueCandle]:
        """Return what KIS has before `until`, newest first, perhaps also older than the query."""
        first, last = _midnight_from(since), _midnight_from(until) - A_DAY
        if first > last:
            return []  # no day begins in between
        where = f"{self.name} {endpoint.path} {query.venue_id}"
        params = endpoint.params(query.venue_id, first, last)
        answer = self._calls.get(endpoint.path, endpoint.transaction, where, params)
        rows = read_candles(answer, endpoint.columns, where, final_until=final_until)
        _refuse_another(answer.get("output1"), query.venue_id, where, is_empty=not rows)
        if rows and rows[0].opened_at >= until:
            raise InvalidAnswer(f"{where} answered candles of {rows[0].opened_at:%Y-%m-%d}.")
        return rows


def is_overseas(venue_id: str) -> bool:
    """Tell whether an id is a market's and a symbol, as NASAAPL; Korean codes begin otherwise."""
    return re.match(rf"({'|'.join(FOREIGN)}).", venue_id) is not None


def _refuse_another(head: Any, venue_id: str, where: str, *, is_empty: bool) -> None:
    """Raise UnknownInstrument if KIS knows none, InvalidAnswer if it speaks of another one."""
    said = head if isinstance(head, dict) else {}
    if is_empty and said.get("stck_prpr") == "0":
        raise UnknownInstrument(f"kis does not list {venue_id}.")
    code, symbol = said.get("stck_shrn_iscd") or venue_id, str(said.get("rsym") or venue_id)
    if code != venue_id or not symbol.endswith(venue_id):
        raise InvalidAnswer(f"{where} answered candles of {shown(said)}.")


def _midnight_from(instant: datetime) -> datetime:
    """Return the first midnight (UTC) that is not before `instant`."""
    start = floor_to(A_DAY, instant)
    return start if start == instant else start + A_DAY
