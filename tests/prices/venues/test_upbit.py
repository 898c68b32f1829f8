from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from prices.demo.prices import made_up_candle
from prices.demo.server import Reply
from prices.demo.upbit import (
    LISTED_AT,
    UpbitServer,
    as_json,
    banned,
    maintenance_page,
    refusal,
    too_many_requests,
)
from prices.venues.base import (
    Banned,
    CandleQuery,
    InvalidAnswer,
    ListedInstrument,
    Venue,
    VenueCandle,
    VenueUnavailable,
)
from prices.venues.upbit import Upbit
from tests.prices.venues.contract import DAY, TODAY, OpensVenue, VenueContract, in_order
from tests.prices.venues.surroundings import BAN, Clock, MemoryGate, address_of

HOUR = timedelta(hours=1)
NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume")


class UpbitCase:
    """Upbit at a server of its own, with a clock of its own."""

    venue_id = "KRW-BTC"
    unknown_id = "KRW-NONE"
    refusals = [too_many_requests(), too_many_requests(b"Too many API requests.")]

    @pytest.fixture
    def server(self, clock: Clock) -> Iterator[UpbitServer]:
        with UpbitServer(limit=1000, now=clock.now) as server:
            yield server

    @pytest.fixture
    def open_venue(self, server: UpbitServer, gate: MemoryGate, clock: Clock) -> OpensVenue:
        return lambda **given: Upbit(
            address_of(**({"url": server.url} | given)), gate, clock.chance
        )

    @pytest.fixture
    def venue(self, open_venue: OpensVenue) -> Iterator[Venue]:
        with closing(open_venue()) as venue:
            yield venue


class TestContract(UpbitCase, VenueContract):
    def true_candle(self, server: Any, opened_at: datetime) -> VenueCandle:
        price = server.markets[self.venue_id].price
        true = made_up_candle(self.venue_id, price, opened_at, DAY, server.now())
        numbers = {name: getattr(true, name) for name in NUMBERS}
        return VenueCandle(opened_at=opened_at, is_final=True, **numbers)


class TestUpbit(UpbitCase):
    def query(self, since: datetime, until: datetime) -> CandleQuery:
        return CandleQuery(venue_id=self.venue_id, interval="1h", since=since, until=until)

    def test_a_market_has_both_names_and_what_upbit_warns_of(
        self, venue: Venue, server: UpbitServer
    ) -> None:
        server.markets["KRW-BTC"].cautions = ["TRADING_VOLUME_SOARING"]

        bitcoin, ether, *_ = venue.list_instruments()

        assert bitcoin == ListedInstrument(
            venue_id="KRW-BTC",
            market="KRW",
            symbol="BTC/KRW",
            name="Bitcoin",
            local_name="비트코인",
            kind="crypto",
            base_currency="BTC",
            quote_currency="KRW",
            warnings=("TRADING_VOLUME_SOARING", "WARNING"),
        )
        assert ether.warnings == ()

    def test_lists_the_whole_market(self, open_venue: OpensVenue) -> None:
        with UpbitServer(markets=244) as server, closing(open_venue(url=server.url)) as venue:
            assert len(venue.list_instruments()) == 244

    @pytest.mark.parametrize(
        "answer",
        [[], {}, [{"market": "BTC"}], [{"market": "KRW-BTC", "english_name": "Bitcoin"}]],
        ids=str,
    )
    def test_a_list_that_cannot_be_meant_is_refused(
        self, venue: Venue, server: UpbitServer, answer: Any
    ) -> None:
        server.reply_instead(as_json(answer))

        with pytest.raises(InvalidAnswer, match="upbit /v1/market/all"):
            venue.list_instruments()

    def test_a_last_price_has_its_time_and_its_day(self, venue: Venue, clock: Clock) -> None:
        bitcoin, *_ = venue.last_prices()

        (running,) = in_order(venue.candles(self.query(clock.now() - HOUR, clock.now())))
        assert (bitcoin.venue_id, bitcoin.traded_at) == ("KRW-BTC", clock.now())
        assert bitcoin.price == running.close
        assert bitcoin.volume > 0

    def test_the_same_market_twice_is_refused(self, venue: Venue, server: UpbitServer) -> None:
        row = {"market": "KRW-BTC", "english_name": "Bitcoin", "korean_name": "비트코인"}
        server.reply_instead(as_json([row, row]))

        with pytest.raises(InvalidAnswer, match="lists 2 markets, 1 different"):
            venue.list_instruments()

    def test_thirty_days_of_hours_take_four_calls(self, venue: Venue, server: UpbitServer) -> None:
        pages = list(venue.candles(self.query(TODAY - 30 * DAY, TODAY)))

        assert [len(page.candles) for page in pages] == [200, 200, 200, 120]
        assert [request.params["count"] for request in server.requests] == ["200"] * 3 + ["120"]

    def test_quiet_hours_have_no_candle_and_end_nothing(
        self, venue: Venue, server: UpbitServer
    ) -> None:
        quiet = (TODAY - 20 * DAY, TODAY - 2 * DAY)
        server.markets["KRW-BTC"].quiet = [quiet]

        pages = list(venue.candles(self.query(TODAY - 30 * DAY, TODAY)))

        opened = {candle.opened_at for candle in in_order(pages)}
        assert opened == {TODAY - n * HOUR for n in range(1, 721)} - hours_in(*quiet)
        assert pages[-1].since == TODAY - 30 * DAY

    def test_older_candles_than_asked_for_are_dropped(
        self, venue: Venue, server: UpbitServer
    ) -> None:
        server.markets["KRW-BTC"].quiet = [(TODAY - 5 * DAY, TODAY)]

        (page,) = venue.candles(self.query(TODAY - 2 * DAY, TODAY))

        assert (page.since, page.until, page.candles) == (TODAY - 2 * DAY, TODAY, ())

    def test_before_the_listing_two_empty_answers_are_the_end(
        self, venue: Venue, server: UpbitServer
    ) -> None:
        query = self.query(LISTED_AT - 300 * DAY, LISTED_AT + DAY)

        pages = list(venue.candles(query))

        assert [len(page.candles) for page in pages] == [24, 0, 0]
        assert pages[-1].since == query.since
        assert len(server.requests) == 3

    def test_one_empty_answer_is_not_believed(self, venue: Venue, server: UpbitServer) -> None:
        server.reply_instead(as_json([]))

        pages = list(venue.candles(self.query(TODAY - 30 * DAY, TODAY)))

        assert [len(page.candles) for page in pages] == [0, 200, 200, 120]

    def test_a_candle_is_final_two_minutes_after_its_end(self, venue: Venue, clock: Clock) -> None:
        query = self.query(TODAY, TODAY + HOUR)
        clock.time = TODAY + HOUR + timedelta(seconds=119)
        (early,) = venue.candles(query)
        clock.time += timedelta(seconds=1)

        (late,) = venue.candles(query)

        assert [candle.is_final for candle in (*early.candles, *late.candles)] == [False, True]
        assert (early.until, late.until) == (TODAY, TODAY + HOUR)

    @pytest.mark.parametrize(
        "change",
        [
            {"market": "KRW-ETH"},
            {"candle_date_time_utc": f"{TODAY + DAY:%Y-%m-%dT%H:%M:%S}"},
            {"high_price": 1},
            {"trade_price": "103460000"},
            {"opening_price": None},
        ],
        ids=str,
    )
    def test_a_candle_that_cannot_be_meant_is_refused(
        self, venue: Venue, server: UpbitServer, change: dict[str, Any]
    ) -> None:
        server.reply_instead(as_json([make_row() | change]))

        with pytest.raises(InvalidAnswer, match="upbit /v1/candles/minutes/60 KRW-BTC"):
            list(venue.candles(self.query(TODAY - DAY, TODAY)))

    def test_the_same_candle_twice_is_refused(self, venue: Venue, server: UpbitServer) -> None:
        server.reply_instead(as_json([make_row(), make_row()]))

        with pytest.raises(InvalidAnswer, match="in order"):
            list(venue.candles(self.query(TODAY - DAY, TODAY)))

    @pytest.mark.parametrize(
        ("message", "length"),
        [
            ("This IP is blocked for 30 seconds.", timedelta(seconds=30)),
            ("Blocked. Try again in 10 minutes", timedelta(minutes=10)),
            ("I'm a teapot", BAN),
        ],
    )
    def test_a_ban_closes_the_door_and_is_not_tried_again(
        self, venue: Venue, server: UpbitServer, clock: Clock, message: str, length: timedelta
    ) -> None:
        server.reply_instead(banned(message))
        for _ in range(2):
            with pytest.raises(Banned) as ban:
                venue.list_instruments()

            assert ban.value.until == clock.now() + length

        assert len(server.requests) == 1

    def test_no_call_left_in_this_second_holds_the_next(
        self, venue: Venue, server: UpbitServer, gate: MemoryGate
    ) -> None:
        empty = {"Remaining-Req": "group=candles; min=600; sec=0"}
        server.reply_instead(replace(as_json([make_row()]), headers=empty))

        list(venue.candles(self.query(TODAY - HOUR, TODAY)))

        assert gate.holds == [("candles", timedelta(seconds=1))]

    def test_pauses_grow_and_have_an_end(
        self, venue: Venue, server: UpbitServer, gate: MemoryGate
    ) -> None:
        server.reply_instead(*[too_many_requests(b"too many")] * 4)

        venue.list_instruments()

        assert [length.total_seconds() for _, length in gate.holds] == [1, 2, 4, 8]

    @pytest.mark.parametrize(
        "reply", [maintenance_page(), refusal(400, 400, "Invalid parameter."), Reply(status=301)]
    )
    def test_what_another_try_would_not_mend_is_not_tried_again(
        self, venue: Venue, server: UpbitServer, reply: Reply
    ) -> None:
        server.reply_instead(reply)

        with pytest.raises(InvalidAnswer):
            venue.list_instruments()

        assert len(server.requests) == 1

    def test_never_says_where_it_comes_from(self, venue: Venue, server: UpbitServer) -> None:
        """A request with an Origin may be sent once in ten seconds only."""
        venue.list_instruments()

        assert "origin" not in server.requests[0].headers

    def test_a_silent_server_is_given_up(self, open_venue: OpensVenue) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with (
                closing(open_venue(url=url, read_timeout=0.05)) as venue,
                pytest.raises(VenueUnavailable, match="in time"),
            ):
                venue.list_instruments()


def hours_in(since: datetime, until: datetime) -> set[datetime]:
    return {since + n * HOUR for n in range((until - since) // HOUR)}


def make_row() -> dict[str, Any]:
    opened_at = f"{TODAY - HOUR:%Y-%m-%dT%H:%M:%S}"
    names = ("opening", "high", "low", "trade")
    prices = {
        f"{name}_price": Decimal(price) for name, price in zip(names, (9, 11, 8, 10), strict=True)
    }
    volumes = {"candle_acc_trade_price": Decimal(110), "candle_acc_trade_volume": Decimal(11)}
    return {"market": "KRW-BTC", "candle_date_time_utc": opened_at} | prices | volumes
