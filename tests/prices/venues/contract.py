"""One contract, held by each venue. A subclass brings the venue and a server that speaks as it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from prices.demo.server import Reply, VenueServer
from prices.venues.base import (
    LENGTHS,
    CandlePage,
    CandleQuery,
    InvalidAnswer,
    NotOffered,
    RateLimited,
    UnknownInstrument,
    Venue,
    VenueCandle,
    VenueUnavailable,
)
from tests.prices.venues.surroundings import NOW, Clock, MemoryGate

DAY = timedelta(days=1)
TODAY = NOW.replace(hour=0, minute=0, second=0)


class OpensVenue(Protocol):
    def __call__(self, **address: Any) -> Venue:
        """Return the venue, at the server unless the address says otherwise."""


class VenueContract:
    """What collection relies on."""

    venue_id: str  # listed by the server, and traded long before the tests
    unknown_id: str
    refusals: list[Reply]  # the forms of "too many requests"
    long_ago = TODAY - 450 * DAY  # since then there are several pages
    pages = 3  # of candles of a day since then
    traded_at = TODAY - 10 * DAY  # when a daily candle opened

    def query(self, **overrides: Any) -> CandleQuery:
        values: dict[str, Any] = {"venue_id": self.venue_id, "interval": "1d"}
        window = {"since": TODAY - 10 * DAY, "until": TODAY}
        return CandleQuery(**(values | window | overrides))

    def true_candle(self, server: Any, opened_at: datetime) -> VenueCandle:
        """Return the daily candle as the server has it."""
        raise NotImplementedError

    def test_lists_each_instrument_once(self, venue: Venue) -> None:
        listed = venue.list_instruments()

        ids = [instrument.venue_id for instrument in listed]
        assert self.venue_id in ids
        assert len(set(ids)) == len(ids)
        assert all(one.symbol and one.quote_currency and one.market for one in listed)

    def test_tells_all_last_prices_at_once_or_not_at_all(
        self, venue: Venue, gate: MemoryGate
    ) -> None:
        if not venue.abilities.has_last_prices:
            with pytest.raises(NotOffered):
                venue.last_prices()
            return

        listed = venue.list_instruments()
        gate.passed.clear()

        told = venue.last_prices()

        assert len(gate.passed) == 1
        assert {one.venue_id for one in told} == {one.venue_id for one in listed}

    def test_gives_aware_and_exact_candles(self, venue: Venue, server: VenueServer) -> None:
        opened_at = self.traded_at

        (page,) = venue.candles(self.query(since=opened_at, until=opened_at + DAY))

        assert page.candles == (self.true_candle(server, opened_at),)
        assert page.candles[0].opened_at.tzinfo is UTC
        assert isinstance(page.candles[0].close, Decimal)

    def test_pages_join_and_reach_from_end_to_end(self, venue: Venue) -> None:
        query = self.query(since=self.long_ago)

        pages = list(venue.candles(query))

        assert len(pages) == venue.calls_for(query) == self.pages
        assert pages[0].until == query.until
        assert [page.since for page in pages[:-1]] == [page.until for page in pages[1:]]
        assert pages[-1].since == query.since

    def test_candles_come_in_the_order_of_time_and_once(self, venue: Venue) -> None:
        query = self.query(since=self.long_ago)

        opened = [candle.opened_at for candle in in_order(venue.candles(query))]

        assert opened == sorted(set(opened))
        assert query.since <= opened[0] < opened[-1] < query.until

    def test_what_is_final_is_the_same_when_asked_again(self, venue: Venue, clock: Clock) -> None:
        before = in_order(venue.candles(self.query()))
        clock.time += 3 * DAY

        after = in_order(venue.candles(self.query()))

        assert before == after
        assert all(candle.is_final for candle in after)

    def test_a_running_candle_is_not_final_and_changes(self, venue: Venue, clock: Clock) -> None:
        query = self.query(since=TODAY, until=TODAY + DAY)
        (running,) = in_order(venue.candles(query))
        clock.time += 2 * DAY

        (final,) = in_order(venue.candles(query))

        assert (running.is_final, final.is_final) == (False, True)
        assert running.opened_at == final.opened_at
        assert running.volume < final.volume

    def test_does_not_answer_for_what_is_not_over(self, venue: Venue) -> None:
        pages = list(venue.candles(self.query(since=TODAY - DAY, until=TODAY + 5 * DAY)))

        assert pages[0].until <= TODAY

    def test_an_empty_window_asks_nothing(self, venue: Venue, gate: MemoryGate) -> None:
        pages = list(venue.candles(self.query(since=TODAY, until=TODAY)))

        assert pages == []
        assert gate.passed == []

    def test_an_unknown_instrument_is_named(self, venue: Venue) -> None:
        with pytest.raises(UnknownInstrument, match=self.unknown_id):
            list(venue.candles(self.query(venue_id=self.unknown_id)))

    def test_other_intervals_are_not_offered(self, venue: Venue) -> None:
        for interval in set(LENGTHS) - venue.abilities.intervals:
            with pytest.raises(NotOffered, match=interval):
                list(venue.candles(self.query(interval=interval)))

    def test_each_call_waits_its_turn(
        self, venue: Venue, server: VenueServer, gate: MemoryGate
    ) -> None:
        list(venue.candles(self.query(since=self.long_ago)))
        venue.list_instruments()

        assert len(gate.passed) == len(server.requests) > 3

    def test_is_asked_again_after_too_many_requests(
        self, venue: Venue, server: VenueServer, gate: MemoryGate
    ) -> None:
        for refusal in self.refusals:
            server.reply_instead(refusal)
            gate.holds.clear()

            candles = in_order(venue.candles(self.query()))

            assert candles
            assert timedelta(seconds=1) in [length for _, length in gate.holds]

    def test_gives_up_when_it_stays_too_many(
        self, venue: Venue, server: VenueServer, gate: MemoryGate, clock: Clock
    ) -> None:
        for refusal in self.refusals:
            server.reply_instead(*[refusal] * 5)
            gate.passed.clear()

            with pytest.raises(RateLimited) as limited:
                list(venue.candles(self.query()))

            assert len(gate.passed) == 5
            assert limited.value.until > clock.now()

    def test_a_page_instead_of_an_answer_is_refused_at_once(
        self, venue: Venue, server: VenueServer, gate: MemoryGate
    ) -> None:
        page = Reply(body=b"<html>Under maintenance</html>", content_type="text/html")
        server.reply_instead(page)

        with pytest.raises(InvalidAnswer, match="Under maintenance"):
            list(venue.candles(self.query()))

        assert len(gate.passed) == 1

    def test_a_fault_of_the_server_passes(self, venue: Venue, server: VenueServer) -> None:
        server.reply_instead(Reply(status=502), Reply(status=503, length=9), Reply(length=50))

        assert in_order(venue.candles(self.query()))

    def test_a_server_that_stays_at_fault_is_unavailable(
        self, venue: Venue, server: VenueServer
    ) -> None:
        server.reply_instead(*[Reply(status=502)] * 5)

        with pytest.raises(VenueUnavailable, match="502"):
            list(venue.candles(self.query()))

    def test_a_server_that_is_not_there_is_unavailable(self, open_venue: OpensVenue) -> None:
        with open_at_nobody(open_venue) as venue, pytest.raises(VenueUnavailable):
            list(venue.candles(self.query()))


def in_order(pages: Any) -> list[VenueCandle]:
    """Return all candles, oldest first."""
    answered: list[CandlePage] = list(pages)
    return [candle for page in reversed(answered) for candle in page.candles]


@contextmanager
def open_at_nobody(open_venue: OpensVenue) -> Iterator[Venue]:
    """Yield the venue at a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with closing(open_venue(url=f"http://127.0.0.1:{port}")) as venue:
        yield venue
