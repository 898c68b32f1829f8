from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from prices.demo.server import Reply, VenueServer
from prices.venues import caller
from prices.venues.base import Banned, InvalidAnswer, KeysRefused, RateLimited, VenueError
from prices.venues.caller import Caller, is_loopback, length_in, remaining_in_second
from tests.prices.venues.surroundings import Clock, MemoryGate, address_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost", True),
        ("https://api.upbit.com", False),
        ("https://127.0.0.1.example.com", False),
        ("nonsense", False),
    ],
)
def test_knows_this_machine(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("group=candles; min=600; sec=7", 7),
        ("group=candles; min=600; sec=0", 0),
        ("group=candles; min=600", None),
        ("", None),
    ],
)
def test_reads_what_is_left_in_this_second(header: str, expected: int | None) -> None:
    assert remaining_in_second({"Remaining-Req": header}) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("blocked for 30 seconds", timedelta(seconds=30)),
        ("wait 1 Minute", timedelta(minutes=1)),
        ("in 2 hours", timedelta(hours=2)),
        ("error 418", None),
    ],
)
def test_reads_a_length_of_time(message: str, expected: timedelta | None) -> None:
    assert length_in(message) == expected


class TestCaller:
    def get(self, reply: Reply, gate: MemoryGate, clock: Clock, *more: Reply) -> object:
        with VenueServer() as server:
            server.reply_instead(reply, *more)
            with closing(Caller("upbit", address_of(server.url), gate, clock.chance)) as venue:
                return venue.get("/v1/market/all", group="market")

    def test_an_endless_answer_is_refused(
        self, gate: MemoryGate, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(caller, "MOST_BYTES", 1000)

        with pytest.raises(InvalidAnswer, match="more than 1000 bytes"):
            self.get(Reply(body=b" " * 1001), gate, clock)

    @pytest.mark.parametrize("status", [401, 403, 451])
    def test_a_closed_door_is_said_as_the_venue_says_it(
        self, gate: MemoryGate, clock: Clock, status: int
    ) -> None:
        body = b'{"error": {"name": "no_authorization_i_p", "message": "Not a verified IP."}}'

        with pytest.raises(KeysRefused, match=f"upbit /v1/market/all answered {status}: Not a"):
            self.get(Reply(status=status, body=body), gate, clock)

    def test_a_page_that_is_not_there_is_no_instrument_that_is_not_there(
        self, gate: MemoryGate, clock: Clock
    ) -> None:
        with pytest.raises(InvalidAnswer, match="404: 'no such page'") as refused:
            self.get(Reply(status=404, body=b"no such page"), gate, clock)

        assert type(refused.value) is InvalidAnswer

    @pytest.mark.parametrize(
        ("said", "error", "seconds"), [("7", RateLimited, 1 + 7), ("3600", Banned, 3600)]
    )
    def test_waits_as_long_as_it_is_told_to(
        self, gate: MemoryGate, clock: Clock, said: str, error: type[VenueError], seconds: int
    ) -> None:
        refusals = [Reply(status=429, headers={"Retry-After": said})] * 5

        with pytest.raises(error):
            self.get(refusals[0], gate, clock, *refusals[1:])

        lengths = [length for _, length in gate.holds]
        lengths.append(gate.banned_until - clock.now())
        assert timedelta(seconds=seconds) in lengths
