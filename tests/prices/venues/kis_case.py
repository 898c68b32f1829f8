"""KIS at a server of its own, with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from prices.demo.kis import APP_KEY, APP_SECRET, KisServer
from prices.venues.base import CandleQuery, Venue
from prices.venues.kis import Kis
from prices.venues.kis_calls import Keys, Login
from tests.prices.venues.contract import TODAY, OpensVenue
from tests.prices.venues.surroundings import Clock, MemoryGate, MemoryTokens, address_of
from vault.secret import Secret

KEYS = Keys(Secret(APP_KEY), Secret(APP_SECRET))
MIDDAY = TODAY + timedelta(hours=4)  # 13:00 in Seoul, on a Wednesday


class KisCase:
    venue_id = "005930"

    @pytest.fixture
    def clock(self) -> Clock:
        clock = Clock()
        clock.time = MIDDAY
        return clock

    @pytest.fixture
    def server(self, clock: Clock) -> Iterator[KisServer]:
        with KisServer(limit=1000, now=clock.now) as server:
            yield server

    @pytest.fixture
    def tokens(self, server: KisServer) -> MemoryTokens:
        """A token that the server has given, for tests of what comes after it."""
        tokens = MemoryTokens()
        tokens.token = Secret(server.issue_token())
        return tokens

    @pytest.fixture
    def open_venue(
        self, server: KisServer, gate: MemoryGate, tokens: MemoryTokens, clock: Clock
    ) -> OpensVenue:
        def open_it(keys: Keys | None = KEYS, **given: Any) -> Venue:
            address = address_of(**({"url": server.url} | given))
            files = address_of(server.files_url)
            login = Login(keys, tokens) if keys else None
            return Kis(address, files, gate, login=login, chance=clock.chance)

        return open_it

    @pytest.fixture
    def venue(self, open_venue: OpensVenue) -> Iterator[Venue]:
        with closing(open_venue()) as venue:
            yield venue

    def days(self, since: datetime, until: datetime, venue_id: str = "") -> CandleQuery:
        return CandleQuery(
            venue_id=venue_id or self.venue_id, interval="1d", since=since, until=until
        )
