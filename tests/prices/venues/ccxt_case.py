"""An exchange of ccxt at a server of its own, with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from prices.demo.pairs import Pair
from prices.demo.prices import made_up_candle
from prices.demo.server import VenueServer
from prices.venues.base import Venue, VenueCandle
from prices.venues.by_ccxt.transport import make_exchange
from prices.venues.by_ccxt.venue import CcxtVenue
from prices.venues.caller import Caller
from tests.prices.venues.contract import DAY, OpensVenue
from tests.prices.venues.surroundings import Clock, MemoryGate, address_of

NUMBERS = ("open", "high", "low", "close", "volume")


class CcxtCase:
    exchange: str
    venue_id: str

    @pytest.fixture
    def open_venue(self, server: VenueServer, gate: MemoryGate, clock: Clock) -> OpensVenue:
        def open_venue(**given: Any) -> Venue:
            address = address_of(**({"url": server.url} | given))
            caller = Caller(self.exchange, address, gate, clock.chance)
            return CcxtVenue(make_exchange(self.exchange, address=address.url), caller)

        return open_venue

    @pytest.fixture
    def venue(self, open_venue: OpensVenue) -> Iterator[Venue]:
        with closing(open_venue()) as venue:
            yield venue

    def true_candle(self, server: Any, opened_at: Any) -> VenueCandle:
        pair: Pair = server.pairs[self.venue_id]
        true = made_up_candle(pair.name, pair.price, opened_at, DAY, server.now())
        numbers = {name: getattr(true, name) for name in NUMBERS}
        return VenueCandle(opened_at=opened_at, is_final=True, **numbers)
