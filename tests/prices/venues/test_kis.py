from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from prices.demo.kis import DAILY, OVERSEAS_DAILY, KisServer, answer, korean_row, refusal
from prices.demo.server import Reply
from prices.demo.upbit import too_many_requests
from prices.venues.base import (
    InvalidAnswer,
    KeysMissing,
    ListIncomplete,
    Venue,
    VenueCandle,
    VenueUnavailable,
)
from prices.venues.kis import WINDOW, is_overseas
from prices.venues.kis_master import MARKETS
from tests.prices.venues.contract import DAY, TODAY, OpensVenue, VenueContract, in_order
from tests.prices.venues.kis_case import KisCase
from tests.prices.venues.surroundings import Clock

HOUR = timedelta(hours=1)
MONDAY = TODAY - 2 * DAY
ROW = {
    "stck_bsop_date": f"{MONDAY:%Y%m%d}", "stck_clpr": "10", "stck_oprc": "9",
    "stck_hgpr": "11", "stck_lwpr": "8", "acml_vol": "12", "acml_tr_pbmn": "120",
}  # fmt: skip


def reply_rows(*rows: dict[str, str]) -> Reply:
    return answer({"stck_prpr": "10"}, list(rows))


class TestContract(KisCase, VenueContract):
    unknown_id = "999999"
    refusals = [refusal("EGW00201"), refusal("EGW00201", status=200), too_many_requests()]
    traded_at = TODAY - 9 * DAY
    pages = 4

    def true_candle(self, server: Any, opened_at: datetime) -> VenueCandle:
        stock = server.stocks[self.venue_id]
        row = korean_row(stock, opened_at.date(), server.now(), is_raw=True)
        return VenueCandle(
            opened_at=opened_at,
            open=Decimal(row["stck_oprc"]),
            high=Decimal(row["stck_hgpr"]),
            low=Decimal(row["stck_lwpr"]),
            close=Decimal(row["stck_clpr"]),
            volume=Decimal(row["acml_vol"]),
            quote_volume=Decimal(row["acml_tr_pbmn"]),
            is_final=True,
        )


class TestList(KisCase):
    def test_all_markets_are_listed_with_names_and_ids_of_any_form(self, venue: Venue) -> None:
        listed = {one.venue_id: one for one in venue.list_instruments()}

        assert {one.market for one in listed.values()} == set(MARKETS)
        assert {"005930", "0004V0", "Q500001", "F70100026", "NASAAPL", "NYSBRK/B"} <= set(listed)
        assert listed["900110"].local_name == "똠방각하햏"
        assert listed["005930"].fundamentals

    def test_needs_no_keys(self, open_venue: OpensVenue, server: KisServer) -> None:
        with closing(open_venue(keys=None)) as venue:
            assert venue.list_instruments()

        assert {*server.requests[0].headers} & {"appkey", "appsecret", "authorization"} == set()

    def test_a_truncated_file_is_refused_and_the_others_are_told(
        self, venue: Venue, server: KisServer
    ) -> None:
        whole = server.reply(server_request(venue, server))
        server.reply_instead(replace(whole, body=whole.body[:-40]))

        with pytest.raises(ListIncomplete, match="master file of KOSPI is no whole zip") as refused:
            venue.list_instruments()

        assert {one.market for one in refused.value.listed} == {*MARKETS} - {"KOSPI"}

    def test_a_file_that_is_not_there_is_named(self, venue: Venue, server: KisServer) -> None:
        server.stocks = {"005930": server.stocks["005930"]}

        with pytest.raises(ListIncomplete, match=r"kis /hsxmst\.cod\.zip answered 404") as refused:
            venue.list_instruments()

        assert len(refused.value.listed) == 1

    def test_a_fault_of_the_server_is_no_missing_market(
        self, venue: Venue, server: KisServer
    ) -> None:
        server.reply_instead(*[Reply(status=502)] * 5)

        with pytest.raises(VenueUnavailable):
            venue.list_instruments()

        assert len(server.requests) == 5

    def test_a_download_that_breaks_off_is_fetched_again(
        self, venue: Venue, server: KisServer
    ) -> None:
        whole = server.reply(server_request(venue, server))
        server.reply_instead(replace(whole, body=whole.body[:-40], length=len(whole.body)))

        assert venue.list_instruments()


def server_request(venue: Venue, server: KisServer) -> Any:
    """Return the request for the first file."""
    venue.list_instruments()
    first = server.requests[0]
    server.requests.clear()
    return first


class TestCandles(KisCase):
    def test_asks_for_raw_prices_of_the_exchange_alone(
        self, venue: Venue, server: KisServer
    ) -> None:
        list(venue.candles(self.days(MONDAY, MONDAY + DAY)))

        asked = server.requests[0]
        assert asked.path == DAILY
        assert asked.params == {
            "FID_COND_MRKT_DIV_CODE": "J",
            "FID_INPUT_ISCD": "005930",
            "FID_INPUT_DATE_1": f"{MONDAY:%Y%m%d}",
            "FID_INPUT_DATE_2": f"{MONDAY:%Y%m%d}",
            "FID_PERIOD_DIV_CODE": "D",
            "FID_ORG_ADJ_PRC": "1",
        }

    def test_a_split_rewrites_no_raw_price(self, venue: Venue, server: KisServer) -> None:
        before = in_order(venue.candles(self.days(TODAY - 20 * DAY, MONDAY)))
        server.stocks["005930"].splits = {MONDAY.date(): 50}

        assert in_order(venue.candles(self.days(TODAY - 20 * DAY, MONDAY))) == before
        (after,) = in_order(venue.candles(self.days(MONDAY, MONDAY + DAY)))
        assert after.close < before[-1].close / 40

    def test_three_hundred_days_come_a_hundred_a_call(
        self, venue: Venue, server: KisServer
    ) -> None:
        pages = list(venue.candles(self.days(TODAY - 3 * WINDOW, TODAY)))

        assert [len(page.candles) for page in pages] == [100, 100, 100]
        assert len(server.requests) == 3

    def test_more_rows_than_fit_are_asked_for_from_there_on(
        self, venue: Venue, server: KisServer
    ) -> None:
        server.trades_on = lambda market, day: True

        pages = list(venue.candles(self.days(TODAY - 250 * DAY, TODAY)))

        assert [len(page.candles) for page in pages] == [100, 100, 50]

    def test_before_the_listing_two_empty_windows_are_the_end(
        self, venue: Venue, server: KisServer
    ) -> None:
        server.stocks["005930"].listed_on = MONDAY.date()

        pages = list(venue.candles(self.days(TODAY - 3000 * DAY, TODAY)))

        assert [len(page.candles) for page in pages] == [2, 0, 0]
        assert pages[-1].since == TODAY - 3000 * DAY

    @pytest.mark.parametrize("is_bare", [True, False])
    def test_a_halted_day_is_flat_at_the_last_close(
        self, venue: Venue, server: KisServer, is_bare: bool
    ) -> None:
        stock = server.stocks["005930"]
        stock.halted, stock.is_bare = ((MONDAY.date(), TODAY.date()),), is_bare

        candles = in_order(venue.candles(self.days(MONDAY, TODAY)))

        assert [one.volume for one in candles] == [one.quote_volume for one in candles] == [0, 0]
        assert all(one.open == one.high == one.low == one.close > 0 for one in candles)

    def test_older_rows_than_asked_for_are_dropped(self, venue: Venue, server: KisServer) -> None:
        older = ROW | {"stck_bsop_date": f"{MONDAY - 3 * DAY:%Y%m%d}"}
        server.reply_instead(reply_rows(ROW, older))

        (page,) = venue.candles(self.days(MONDAY, TODAY))

        assert [one.opened_at for one in page.candles] == [MONDAY]

    def test_rows_with_nothing_in_them_are_none(self, venue: Venue, server: KisServer) -> None:
        nothing = ROW | dict.fromkeys(("stck_clpr", "stck_oprc", "stck_hgpr", "stck_lwpr"), "0")
        nothing |= {"acml_vol": "0", "stck_bsop_date": f"{MONDAY - 3 * DAY:%Y%m%d}"}
        server.reply_instead(reply_rows({}, ROW, nothing, {}))

        (candle,) = in_order(venue.candles(self.days(TODAY - 10 * DAY, TODAY)))

        assert (candle.opened_at, candle.close) == (MONDAY, Decimal(10))

    def test_an_untold_turnover_is_not_zero(self, venue: Venue, server: KisServer) -> None:
        server.reply_instead(reply_rows(ROW | {"acml_tr_pbmn": ""}))

        (candle,) = in_order(venue.candles(self.days(MONDAY, TODAY)))

        assert candle.quote_volume is None

    def test_a_stock_that_has_not_traded_for_long_is_not_unknown(
        self, venue: Venue, server: KisServer
    ) -> None:
        server.reply_instead(answer({"stck_prpr": "1000"}, [{}]))

        (page,) = venue.candles(self.days(MONDAY, TODAY))

        assert (page.since, page.until, page.candles) == (MONDAY, TODAY, ())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"stck_clpr": ""}, "'stck_clpr' is empty"),
            ({"stck_clpr": "1e1"}, "'stck_clpr' is '1e1', expected a number as text"),
            ({"stck_clpr": "NaN"}, "expected a number as text"),
            ({"stck_hgpr": "9"}, "cannot all be true"),
            ({"stck_lwpr": "0"}, "has the price 0"),
            ({"acml_vol": "-1"}, "cannot all be true"),
            ({"stck_bsop_date": "2026-03-09"}, "'2026-03-09', expected YYYYMMDD"),
            ({"stck_bsop_date": "20261399"}, "'20261399', expected YYYYMMDD"),
            ({"stck_bsop_date": f"{TODAY:%Y%m%d}"}, f"answered candles of {TODAY:%Y-%m-%d}"),
        ],
        ids=str,
    )
    def test_a_candle_that_cannot_be_meant_is_refused(
        self, venue: Venue, server: KisServer, change: dict[str, str], message: str
    ) -> None:
        server.reply_instead(reply_rows(ROW | change))

        with pytest.raises(InvalidAnswer, match=f"kis {DAILY} 005930.*{re.escape(message)}"):
            list(venue.candles(self.days(MONDAY, TODAY)))

    @pytest.mark.parametrize(
        "reply",
        [
            reply_rows(ROW, ROW),
            answer({"stck_shrn_iscd": "000660"}, [ROW]),
            answer({}, ["row"]),  # type: ignore[list-item]
        ],
    )
    def test_an_answer_that_cannot_be_meant_is_refused(
        self, venue: Venue, server: KisServer, reply: Reply
    ) -> None:
        server.reply_instead(reply)

        with pytest.raises(InvalidAnswer, match=r"in order|answered candles of|expected rows"):
            list(venue.candles(self.days(MONDAY, TODAY)))

    def test_a_candle_is_final_when_trading_after_hours_is_over(
        self, venue: Venue, clock: Clock
    ) -> None:
        query = self.days(TODAY, TODAY + DAY)
        clock.time = TODAY + 9 * HOUR + timedelta(seconds=599)  # nearly 18:10 in Seoul
        (early,) = venue.candles(query)
        clock.time += timedelta(seconds=1)

        (late,) = venue.candles(query)

        assert [one.is_final for one in (*early.candles, *late.candles)] == [False, True]
        assert (early.until, late.until) == (TODAY, TODAY + DAY)

    def test_a_window_in_which_no_day_begins_asks_nothing(
        self, venue: Venue, server: KisServer
    ) -> None:
        (page,) = venue.candles(self.days(MONDAY + HOUR, MONDAY + 5 * HOUR))

        assert (page.since, page.until, page.candles) == (MONDAY + HOUR, MONDAY + 5 * HOUR, ())
        assert server.requests == []

    def test_bounds_within_a_day_leave_that_day_out(self, venue: Venue) -> None:
        candles = in_order(venue.candles(self.days(MONDAY + HOUR, TODAY + HOUR)))

        assert [one.opened_at for one in candles] == [MONDAY + DAY, TODAY]

    def test_without_keys_says_which_to_set(self, open_venue: OpensVenue) -> None:
        with (
            closing(open_venue(keys=None)) as venue,
            pytest.raises(KeysMissing, match="KIS_APP_KEY and KIS_APP_SECRET"),
        ):
            list(venue.candles(self.days(MONDAY, TODAY)))


class TestOverseas(KisCase):
    venue_id = "NASAAPL"

    def test_asks_for_raw_days_until_one(self, venue: Venue, server: KisServer) -> None:
        list(venue.candles(self.days(TODAY - 9 * DAY, TODAY)))

        asked = server.requests[0]
        assert asked.path == OVERSEAS_DAILY
        expected = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL", "GUBN": "0", "MODP": "0"}
        assert asked.params == {**expected, "BYMD": f"{TODAY - DAY:%Y%m%d}"}

    def test_days_are_those_of_the_exchange(self, venue: Venue) -> None:
        (candle,) = in_order(venue.candles(self.days(MONDAY, MONDAY + DAY)))

        assert candle.opened_at == MONDAY.replace(tzinfo=UTC)
        assert candle.close.as_tuple().exponent == -4
        assert candle.quote_volume

    def test_pages_follow_each_other_by_their_oldest_row(
        self, venue: Venue, server: KisServer
    ) -> None:
        pages = list(venue.candles(self.days(TODAY - 200 * DAY, TODAY)))

        candles = in_order(pages)
        weekdays = [TODAY - n * DAY for n in range(200, 0, -1)]
        assert [one.opened_at for one in candles] == [day for day in weekdays if day.weekday() < 5]
        assert [page.since for page in pages[:-1]] == [page.until for page in pages[1:]]
        assert len(server.requests) == 2

    def test_two_empty_answers_are_the_end(self, venue: Venue, server: KisServer) -> None:
        server.stocks["NASAAPL"].listed_on = MONDAY.date()

        pages = list(venue.candles(self.days(TODAY - 3000 * DAY, TODAY)))

        assert [len(page.candles) for page in pages] == [2, 0, 0]
        assert pages[-1].since == TODAY - 3000 * DAY

    def test_a_candle_is_final_when_the_next_day_has_put_it_right(
        self, venue: Venue, clock: Clock
    ) -> None:
        clock.time = TODAY + 4 * HOUR - timedelta(seconds=1)  # nearly 13:00 in Seoul
        (early,) = venue.candles(self.days(TODAY - DAY, TODAY))
        clock.time += timedelta(seconds=1)

        (late,) = venue.candles(self.days(TODAY - DAY, TODAY))

        assert [one.is_final for one in (*early.candles, *late.candles)] == [False, True]
        assert early.candles[0].close == late.candles[0].close

    def test_another_instrument_is_refused(self, venue: Venue, server: KisServer) -> None:
        server.reply_instead(answer({"rsym": "DNASQQQ"}, []))

        with pytest.raises(InvalidAnswer, match="DNASQQQ"):
            list(venue.candles(self.days(MONDAY, TODAY)))


@pytest.mark.parametrize(
    ("venue_id", "expected"),
    [("NASAAPL", True), ("HKS00700", True), ("005930", False), ("Q500001", False), ("NAS", False)],
)
def test_knows_what_is_overseas(venue_id: str, expected: bool) -> None:
    assert is_overseas(venue_id) is expected
