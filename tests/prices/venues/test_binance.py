from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from prices.demo.binance import (
    BinanceServer,
    banned,
    elsewhere,
    refusal,
    too_many_requests,
)
from prices.demo.pairs import LISTED_AT, as_json, maintenance_page
from prices.demo.server import Reply
from prices.venues.base import (
    Banned,
    CandleQuery,
    InvalidAnswer,
    KeysRefused,
    ListedInstrument,
    Venue,
    VenueError,
)
from tests.prices.venues.ccxt_case import CcxtCase
from tests.prices.venues.contract import DAY, TODAY, VenueContract, in_order
from tests.prices.venues.surroundings import Clock, MemoryGate

HOUR = timedelta(hours=1)


class BinanceCase(CcxtCase):
    exchange = "binance"
    venue_id = "BTCUSDT"
    unknown_id = "NONEUSDT"
    refusals = [too_many_requests(), Reply(status=429, body=b"Too many requests")]
    long_ago = TODAY - 2200 * DAY

    @pytest.fixture
    def server(self, clock: Clock) -> Iterator[BinanceServer]:
        with BinanceServer(limit=100_000, now=clock.now) as server:
            yield server

    def query(self, **overrides: Any) -> CandleQuery:
        values: dict[str, Any] = {"venue_id": self.venue_id, "interval": "1d"}
        window = {"since": TODAY - 10 * DAY, "until": TODAY}
        return CandleQuery(**(values | window | overrides))


class TestContract(BinanceCase, VenueContract):
    pass


class TestBinance(BinanceCase):
    def test_a_market_has_the_exchange_s_id_and_ccxt_s_symbol(
        self, venue: Venue, server: BinanceServer
    ) -> None:
        server.pairs["ETHUSDT"].is_trading = False

        bitcoin, ether, *_ = venue.list_instruments()

        assert bitcoin == ListedInstrument(
            venue_id="BTCUSDT",
            market="spot",
            symbol="BTC/USDT",
            name="",
            kind="crypto",
            base_currency="BTC",
            quote_currency="USDT",
        )
        assert (ether.venue_id, ether.is_halted) == ("ETHUSDT", True)
        assert [request.path for request in server.requests] == ["/api/v3/exchangeInfo"]

    @pytest.mark.parametrize("number", ["0.000005430000000000123", "306095.1228293561797048"])
    @pytest.mark.parametrize("form", ['"{}"', "{}"], ids=["text", "number"])
    def test_each_digit_arrives(
        self, venue: Venue, server: BinanceServer, number: str, form: str
    ) -> None:
        venue.list_instruments()
        sent = form.format(number)
        opened_at = int((TODAY - DAY).timestamp() * 1000)
        row = f"[[{opened_at}, {sent}, {sent}, {sent}, {sent}, {sent}]]"
        server.reply_instead(Reply(body=row.encode()))

        (candle, *_) = in_order(venue.candles(self.query(since=TODAY - DAY)))

        assert {candle.open, candle.volume} == {Decimal(number)}

    def test_fewer_rows_than_promised_are_no_end(self, venue: Venue, server: BinanceServer) -> None:
        server.pairs["BTCUSDT"].listed_at = TODAY - 30 * DAY
        venue.list_instruments()
        few = json.loads(server.reply(server_request(server, venue, self.query())).body)[:4]
        server.reply_instead(as_json(few))

        candles = in_order(venue.candles(self.query()))

        assert len(candles) == 10

    def test_a_quiet_stretch_is_covered(self, venue: Venue, server: BinanceServer) -> None:
        server.pairs["BTCUSDT"].quiet = [(TODAY - 8 * DAY, TODAY - 2 * DAY)]

        (page,) = venue.candles(self.query())

        assert len(page.candles) == 4
        assert (page.since, page.until) == (TODAY - 10 * DAY, TODAY)

    def test_before_the_listing_nothing_was_traded(
        self, venue: Venue, server: BinanceServer
    ) -> None:
        query = self.query(since=LISTED_AT - 10 * DAY, until=LISTED_AT + DAY)

        (page,) = venue.candles(query)

        assert (page.since, len(page.candles)) == (query.since, 1)

    def test_a_candle_is_final_two_minutes_after_its_end(self, venue: Venue, clock: Clock) -> None:
        query = self.query(interval="1h", since=TODAY, until=TODAY + HOUR)
        clock.time = TODAY + HOUR + timedelta(seconds=119)
        (early,) = venue.candles(query)
        clock.time += timedelta(seconds=1)

        (late,) = venue.candles(query)

        assert [candle.is_final for candle in (*early.candles, *late.candles)] == [False, True]
        assert (early.until, late.until) == (TODAY, TODAY + HOUR)

    def test_a_ban_closes_the_door_for_as_long_as_it_says(
        self, venue: Venue, server: BinanceServer, clock: Clock
    ) -> None:
        server.reply_instead(banned(120))
        for _ in range(2):
            with pytest.raises(Banned) as ban:
                venue.list_instruments()

            assert ban.value.until == clock.now() + timedelta(seconds=120)

        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        ("reply", "error", "said"),
        [
            (elsewhere(), KeysRefused, "restricted location"),
            (maintenance_page(403), KeysRefused, "Under maintenance"),
            (maintenance_page(), InvalidAnswer, "no JSON"),
            (refusal(-2014, "API-key format invalid."), KeysRefused, "API-key format"),
            (refusal(-1100, "Illegal characters."), InvalidAnswer, "Illegal"),
            (Reply(status=404), InvalidAnswer, "404"),
            (Reply(status=400, body=b"oops"), InvalidAnswer, "oops"),
            (as_json({"symbols": 5}), InvalidAnswer, "list of markets"),
            (as_json({"symbols": []}), InvalidAnswer, "list of markets: 0 markets"),
            (as_json({"symbols": [{"symbol": None}]}), InvalidAnswer, "cannot read"),
            (as_json([]), InvalidAnswer, "list of markets"),
            (Reply(body=b"null"), InvalidAnswer, "no JSON"),
        ],
    )
    def test_what_another_try_would_not_mend_is_named_and_not_tried_again(
        self,
        venue: Venue,
        server: BinanceServer,
        reply: Reply,
        error: type[VenueError],
        said: str,
    ) -> None:
        server.reply_instead(reply)

        with pytest.raises(error, match=f"binance.*{said}"):
            venue.list_instruments()

        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "rows",
        [
            [[1]],
            [["x", "1", "1", "1", "1", "1"]],
            [[1773100800000, "1", "1", "1", None, "1"]],
            [[1773100800000, "1", "0.5", "1", "1", "1"]],
            [[1773100800000, "1", "1", "1", "1", "1"]] * 2,
            {"rows": []},
        ],
        ids=str,
    )
    def test_a_candle_that_cannot_be_meant_is_refused(
        self, venue: Venue, server: BinanceServer, rows: Any
    ) -> None:
        venue.list_instruments()
        server.reply_instead(as_json(rows))

        with pytest.raises(InvalidAnswer, match="binance 1d candles of BTCUSDT"):
            list(venue.candles(self.query()))

    def test_the_dear_list_of_markets_costs_its_weight(
        self, venue: Venue, gate: MemoryGate
    ) -> None:
        venue.list_instruments()
        list(venue.candles(self.query()))

        assert gate.costs == [4.0, 0.4]
        assert venue.calls_per_second == {"calls": 16.0}


def server_request(server: BinanceServer, venue: Venue, query: CandleQuery) -> Any:
    """Return the request that asks for the candles."""
    list(venue.candles(query))
    return server.requests[-1]
