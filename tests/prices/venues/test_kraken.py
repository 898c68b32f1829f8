from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from prices.demo.kraken import (
    KrakenServer,
    locked_out,
    refusal,
    too_many_requests,
)
from prices.demo.server import Reply
from prices.venues.base import (
    Banned,
    CandleQuery,
    InvalidAnswer,
    NotOffered,
    UnderMaintenance,
    Venue,
    VenueUnavailable,
)
from tests.prices.venues.ccxt_case import CcxtCase
from tests.prices.venues.contract import DAY, TODAY, VenueContract
from tests.prices.venues.surroundings import BAN, Clock

HOUR = timedelta(hours=1)


class KrakenCase(CcxtCase):
    exchange = "kraken"
    venue_id = "XXBTZUSD"
    unknown_id = "NONEUSD"
    refusals = [
        too_many_requests(),
        refusal("EAPI:Rate limit exceeded"),
        Reply(status=429, body=b"error code: 1015"),
    ]
    pages = 1  # whatever is asked for

    @pytest.fixture
    def server(self, clock: Clock) -> Iterator[KrakenServer]:
        with KrakenServer(burst=1000, now=clock.now) as server:
            yield server

    def query(self, **overrides: Any) -> CandleQuery:
        values: dict[str, Any] = {"venue_id": self.venue_id, "interval": "1d"}
        window = {"since": TODAY - 10 * DAY, "until": TODAY}
        return CandleQuery(**(values | window | overrides))


class TestContract(KrakenCase, VenueContract):
    pass


class TestKraken(KrakenCase):
    def test_its_own_names_of_currencies_are_turned_into_everybody_s(self, venue: Venue) -> None:
        listed = {one.venue_id: one for one in venue.list_instruments()}

        symbols = {key: one.symbol for key, one in listed.items()}
        assert symbols["XXBTZUSD"] == "BTC/USD"
        assert symbols["XXDGZUSD"] == "DOGE/USD"
        assert listed["XXBTZUSD"].base_currency == "BTC"

    def test_what_is_older_than_it_tells_is_no_stretch_without_trades(self, venue: Venue) -> None:
        query = self.query(interval="1h", since=TODAY - 60 * DAY)
        pages = venue.candles(query)

        page = next(pages)
        with pytest.raises(NotOffered, match="only its newest candles of 1h: none of XXBTZUSD"):
            next(pages)

        assert page.since > query.since
        assert page.candles[0].opened_at == page.since
        assert page.until == TODAY

    def test_what_is_all_older_is_said_so(self, venue: Venue) -> None:
        query = self.query(interval="1h", since=TODAY - 90 * DAY, until=TODAY - 60 * DAY)

        with pytest.raises(NotOffered, match="Ask for a later beginning"):
            list(venue.candles(query))

    def test_fewer_candles_than_it_could_tell_are_all(
        self, venue: Venue, server: KrakenServer
    ) -> None:
        server.pairs["XXBTZUSD"].listed_at = TODAY - 5 * DAY

        (page,) = venue.candles(self.query(since=TODAY - 20 * DAY))

        assert (page.since, len(page.candles)) == (TODAY - 20 * DAY, 5)

    def test_a_lockout_closes_the_door(
        self, venue: Venue, server: KrakenServer, clock: Clock
    ) -> None:
        server.reply_instead(locked_out())

        with pytest.raises(Banned, match="Temporary lockout") as ban:
            venue.list_instruments()

        assert ban.value.until == clock.now() + BAN
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        ("error", "kind", "calls"),
        [
            ("EService:Unavailable", VenueUnavailable, 5),
            ("EService:Busy", VenueUnavailable, 5),
            ("EGeneral:Internal error", VenueUnavailable, 5),
            ("EGeneral:Invalid arguments", InvalidAnswer, 1),
        ],
    )
    def test_an_error_with_status_200_is_named(
        self,
        venue: Venue,
        server: KrakenServer,
        error: str,
        kind: type[Exception],
        calls: int,
    ) -> None:
        server.reply_instead(*[refusal(error)] * 5)

        with pytest.raises(kind, match=error):
            venue.list_instruments()

        assert len(server.requests) == calls

    def test_maintenance_is_not_asked_again_at_once(
        self, venue: Venue, server: KrakenServer
    ) -> None:
        server.reply_instead(refusal("EService:Market in cancel_only mode"))

        with pytest.raises(UnderMaintenance):
            venue.list_instruments()

        assert len(server.requests) == 1
